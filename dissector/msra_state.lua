-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- What is kept of a capture: the connections, and what each frame says. All of it is made on the first pass over the
-- frames; later passes, in whatever order, only look it up.

local Connection = require("msra_connection")

local State = {}
State.__index = State

function State.new()
  local self = setmetatable({}, State)
  self:clear()
  return self
end

-- Forget everything: another capture is read, or the same one again.
function State:clear()
  self.connections = 0
  self.by_ports = {} -- lists of { connection, client, server, since }, oldest first; an end is { Address, port }
  self.entries = {} -- all of those, in the order of their numbers
  self.numbers = {} -- of sessions, those that are given
  self.frames = {} -- by frame number: what its PDUs say, in their order
end

local function port_key(pinfo)
  local a, b = pinfo.src_port, pinfo.dst_port
  return a < b and a * 0x10000 + b or b * 0x10000 + a
end

local function is_end(an_end, address, port)
  return an_end[2] == port and an_end[1] == address
end

local function sender(entry, pinfo)
  if is_end(entry.client, pinfo.src, pinfo.src_port) and is_end(entry.server, pinfo.dst, pinfo.dst_port) then
    return "expert"
  elseif is_end(entry.server, pinfo.src, pinfo.src_port) and is_end(entry.client, pinfo.dst, pinfo.dst_port) then
    return "novice"
  end
  return nil
end

-- The RDP connection that a packet belongs to and who sent it ("expert" or "novice"), or nil. When addresses and ports
-- are used again, the latest connection that had begun at this frame.
function State:find(pinfo)
  local entries = self.by_ports[port_key(pinfo)]
  for index = entries and #entries or 0, 1, -1 do
    local entry = entries[index]
    local from = entry.since <= pinfo.number and sender(entry, pinfo)
    if from then
      return entry.connection, from
    end
  end
  return nil
end

-- A new connection begins with this packet, which `from` sent. The expert is the RDP client ([MS-RA] 1.3).
function State:open(pinfo, from)
  self.connections = self.connections + 1
  local connection, key = Connection.new(self.connections), port_key(pinfo)
  local source, destination = { pinfo.src, pinfo.src_port }, { pinfo.dst, pinfo.dst_port }
  local client, server = source, destination
  if from == "novice" then
    client, server = destination, source
  end
  self.by_ports[key] = self.by_ports[key] or {}
  local entry = { connection = connection, client = client, server = server, since = pinfo.number }
  table.insert(self.by_ports[key], entry)
  table.insert(self.entries, entry)
  connection:event("open", from, {
    expert_ip = tostring(client[1]), expert_port = client[2],
    novice_ip = tostring(server[1]), novice_port = server[2],
  })
  return connection
end

-- All connections in the order of their numbers: each { connection, client, server, since }.
function State:all()
  return self.entries
end

-- The number of a session, with its first message: sessions are counted in the order in which their connections were
-- opened, without connections that are no Remote Assistance as far as is known by then.
function State:number_session(connection)
  local number = 1
  for index = 1, connection.id - 1 do
    number = number + (self.entries[index].connection:may_be_assistance() and 1 or 0)
  end
  while self.numbers[number] do
    number = number + 1
  end
  self.numbers[number], connection.session.number = true, number
end

local COUNTER = "msra_pdus"

-- The events of the next PDU of this frame. On the first pass `read` makes them; later they are found again by
-- counting, as a frame's PDUs always come in the same order. Wireshark clears pinfo.private for each dissection.
function State:events(pinfo, connection, read)
  local index = (tonumber(pinfo.private[COUNTER]) or 0) + 1
  pinfo.private[COUNTER] = tostring(index)
  if not pinfo.visited then
    read()
    local events = connection:take_events()
    for _, event in ipairs(events) do
      if event.kind == "message" then
        if not connection.session.number then
          self:number_session(connection)
        end
        connection.session:add(event, pinfo.number, pinfo.rel_ts)
      end
    end
    if #events > 0 then
      self.frames[pinfo.number] = self.frames[pinfo.number] or {}
      self.frames[pinfo.number][index] = events
    end
  end
  local frame = self.frames[pinfo.number]
  return frame and frame[index] or {}
end

return State
