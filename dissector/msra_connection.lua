-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- One RDP connection: reads its TPKT packets, both directions in the order of the capture, and gathers what they say.
--
--     TPKT -> X.224 -> MCS -> security header -> channels -> Remote Assistance messages
--
-- Pure Lua: a packet in, a list of events out. An event has `kind`, `from`, and
--     fact      name, data: a list of { field, value } as python/msra/events.py has it, FACTS
--     gap       name (a key of GAPS there), size
--     message   message (see msra_message), at, size: where it stands, in `data`, or in the packet if data is nil

local bytes = require("msra_bytes")
local channels = require("msra_channels")
local Dynamic = require("msra_dynamic")
local encomsp = require("msra_encomsp")
local mcs = require("msra_mcs")
local message = require("msra_message")
local session = require("msra_session")
local tls = require("msra_tls")
local tpkt = require("msra_tpkt")
local transfer = require("msra_transfer")

local Connection = {}
Connection.__index = Connection

local REMDESK, ENCOMSP, DRDYNVC = "remdesk", encomsp.CHANNEL, "drdynvc"
local TLS_HEADER = 5 -- RFC 8446 5.1
local SEC_ENCRYPT, BASIC_SECURITY_HEADER = 3, 4 -- bit number and size, [MS-RDPBCGR] 2.2.8.1.1.2

-- The connection with the number `id`, counted from 1 in the capture.
function Connection.new(id)
  return setmetatable({
    id = id,
    names = {}, -- of static channels by MCS channel id
    known_ids = {}, -- MCS channels that are no virtual channels
    dynamic = Dynamic.new(),
    said = {}, -- the facts that were told
    opened = {}, -- [sender] = the frame of its first TPKT packet
    records = tls.records(),
    transfers = transfer.transfers(),
    session = session.new(), -- what its messages say together
    reassemblies = { expert = {}, novice = {} }, -- of static channels, by MCS channel id
    events = {},
  }, Connection)
end

-- The events since the last call.
function Connection:take_events()
  local events = self.events
  self.events = {}
  return events
end

function Connection:event(kind, from, event)
  event.kind, event.from = kind, from
  self.events[#self.events + 1] = event
end

-- A fact is told once for each connection.
function Connection:fact(from, name, data)
  if not self.said[name] then
    self.said[name] = true
    self:event("fact", from, { name = name, data = data })
  end
end

function Connection:lists(name)
  for _, listed in ipairs(self.channel_names or {}) do
    if listed == name then
      return true
    end
  end
  return false
end

-- Whether this can be Remote Assistance: the channel list is not known, or has one of its channels.
function Connection:may_be_assistance()
  return not self.channel_names or self.dynamic.count > 0 or self:lists(REMDESK) or self:lists(ENCOMSP)
end

-- Bytes that could not be read are told where they can matter.
function Connection:gap(from, name, size)
  if size > 0 and self:may_be_assistance() then
    self:event("gap", from, { name = name, size = size })
  end
end

-- Bytes of the stream are lost or make no sense: what was under way in this direction cannot be finished.
function Connection:lost(from, name, size)
  self:gap(from, name, size)
  local dropped = self.dynamic:drop(from)
  for _, reassembly in pairs(self.reassemblies[from]) do
    dropped = dropped + reassembly:drop()
  end
  self:gap(from, "incomplete_message", dropped)
end

-- X.224 and MCS ------------------------------------------------------------------------------------------------------

function Connection:connection_request(from, packet)
  local cookie, name, value = tpkt.negotiation(packet)
  local data = {}
  data[1] = cookie and { "cookie", cookie }
  data[#data + 1] = name == "requested_protocols" and { name, value } or nil
  self:fact(from, "connection_request", data)
end

function Connection:connection_confirm(from, packet)
  local _, name, value = tpkt.negotiation(packet)
  if name == "failure_code" then
    self:fact(from, "negotiation_failure", { { name, value } })
  else
    self:fact(from, "connection_confirm", { name == "selected_protocol" and { name, value } or nil })
  end
end

local DOMAIN_PDUS = {
  [mcs.SEND_DATA_REQUEST] = "send_data",
  [mcs.SEND_DATA_INDICATION] = "send_data",
  [mcs.DISCONNECT_PROVIDER_ULTIMATUM] = "disconnect",
}

-- An MCS PDU starts at `at` of the packet.
function Connection:mcs_pdu(from, packet, at)
  local choice = mcs.domain_choice(packet, at)
  if choice then
    local handler = DOMAIN_PDUS[choice]
    return handler and self[handler](self, from, packet, at)
  end
  mcs.each_block(packet, at, {
    [mcs.CS_NET] = function(block)
      self.channel_names = mcs.channel_names(block)
      self:name_channels()
      self:fact(from, "client_channels", { { "channel_names", self.channel_names } })
    end,
    [mcs.SC_NET] = function(block)
      local io_channel
      self.channel_ids, io_channel = mcs.channel_ids(block)
      self.known_ids[io_channel or 0] = true
      self:name_channels()
      self:fact(from, "server_channels", { { "channel_ids", self.channel_ids } })
    end,
    [mcs.SC_SECURITY] = function(block)
      local method, level = mcs.security(block)
      if method then
        self.encryption_method = method
        self:fact(from, "security", { { "encryption_method", method }, { "encryption_level", level } })
      end
    end,
    [mcs.SC_MCS_MSGCHANNEL] = function(block)
      self.known_ids[bytes.u16(block, 0) or 0] = true
    end,
  })
end

-- The ids of the server stand in the order of the client's names ([MS-RDPBCGR] 2.2.1.4.4).
function Connection:name_channels()
  self.names = {}
  for index, id in ipairs(self.channel_ids or {}) do
    self.names[id] = (self.channel_names or {})[index]
  end
end

local TPDUS = {
  [tpkt.CONNECTION_REQUEST] = "connection_request",
  [tpkt.CONNECTION_CONFIRM] = "connection_confirm",
  [tpkt.DATA] = "mcs_pdu",
}

-- The next whole TPKT packet from one side.
function Connection:packet(from, packet)
  local code, at = tpkt.x224(packet)
  self.answered = self.answered or code ~= tpkt.CONNECTION_REQUEST
  local handler = TPDUS[code]
  if handler then
    self[handler](self, from, packet, at)
  else
    self:gap(from, "bad_pdu", #packet - 4)
  end
end

-- A whole TLS record; `delivered`: its data was decrypted and came back.
function Connection:tls_record(from, record, delivered)
  local version = from == "novice" and tls.server_hello_version(record)
  if version then
    self.records.version = self.records.version or version
    self:fact(from, "tls", { { "version", version } })
  end
  local size = #record - TLS_HEADER
  if self.records:is_unreadable(from, bytes.u8(record, 0), size, delivered) then
    self:gap(from, "encrypted", size)
  end
end

function Connection:disconnect(from, packet, at)
  self:fact(from, "disconnect", { { "reason", mcs.disconnect_reason(packet, at) } })
end

-- Channels -----------------------------------------------------------------------------------------------------------

local READ = { [REMDESK] = true, [DRDYNVC] = true, [ENCOMSP] = true }

-- The list is unknown if the capture lacks one of the two Connect PDUs.
function Connection:is_read(channel)
  local name = self.names[channel]
  if name then
    return READ[name]
  end
  return not (self.channel_names and self.channel_ids) and not self.known_ids[channel]
end

--     [ flags u16 | flagsHi u16 | ... ] | channel PDU      the security header is there if SC_SECURITY says so
function Connection:send_data(from, packet, at)
  local channel, data, stop = mcs.send_data(packet, at)
  if not channel then
    self:gap(from, "bad_pdu", #packet - at)
    return
  elseif not self:is_read(channel) then
    return
  end
  if self.encryption_method and self.encryption_method ~= 0 then
    local flags = bytes.u16(packet, data)
    if flags and stop - data >= BASIC_SECURITY_HEADER and bytes.has_bit(flags, SEC_ENCRYPT) then
      self:gap(from, "encrypted", stop - data)
      return
    end
    data = data + BASIC_SECURITY_HEADER
  end
  self:channel_pdu(from, channel, packet, data, stop)
end

function Connection:channel_pdu(from, channel, packet, data, stop)
  local chunk, name = channels.chunk(packet, data, stop), self.names[channel]
  if not chunk or not (name or channels.is_plausible(chunk)) then
    if name then
      self:gap(from, "bad_pdu", stop - data)
    end
    return
  elseif chunk.compressed then
    self:gap(from, "compressed", chunk.to - chunk.from)
    return
  end
  local unfinished = self.reassemblies[from]
  unfinished[channel] = unfinished[channel] or channels.reassembly()
  local whole, lost = unfinished[channel]:add(packet, chunk.from, chunk.to, chunk.first, chunk.last)
  if name then
    self:gap(from, "incomplete_message", lost)
  end
  if whole then
    self:static_message(from, channel, whole, packet)
  end
end

function Connection:static_message(from, channel, whole, packet)
  local name = self.names[channel]
  if not name and message.identify(whole.data, whole.from, whole.to) then
    name = REMDESK
    self.names[channel] = name
  end
  if name == REMDESK then
    self:message(from, whole, packet)
  elseif name == ENCOMSP then
    self:orders(from, whole, packet)
  else -- drdynvc, or it may be
    local found, gap, size = self.dynamic:read(from, whole, not self.channel_names)
    self:gap(from, gap, size or 0)
    if found then
      self:message(from, found, packet)
    end
  end
end

-- `packet`: the TPKT packet that was read; a message that stands in it whole is shown there.
function Connection:message(from, whole, packet)
  local decoded = message.decode(whole.data, whole.from, whole.to, from, self.transfers)
  if not decoded then
    self:gap(from, "bad_header", whole.to - whole.from)
    return
  end
  self:event("message", from, {
    message = decoded,
    data = whole.data ~= packet and whole.data or nil,
    at = whole.from,
    size = whole.to - whole.from,
  })
end

-- Each order is a message; one that does not stand in the packet whole is shown alone.
function Connection:orders(from, whole, packet)
  local orders, unread = encomsp.orders(whole.data, whole.from, whole.to)
  for _, order in ipairs(orders) do
    if whole.data ~= packet then
      order.data, order.at = whole.data:sub(order.at + 1, order.at + order.size), 0
    end
    self:event("message", from, order)
  end
  self:gap(from, "bad_header", unread)
end

return Connection
