-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Shows events in Wireshark: a protocol of its own for each message (MS-RA) and for each event of the transport
-- (Remote Desktop transport), and the columns Protocol and Info.

local experts = require("msra_experts")
local secrets = require("msra_secrets")
local summary = require("msra_summary")
local text = require("msra_text")

-- luacheck: read globals NSTime UInt64

local Tree = {}
Tree.__index = Tree

local PROTOCOL = "MS-RA"
local SHOWN = "msra_shown" -- in pinfo.private: this frame has a message

-- `msra`, `rdp`: each with `proto`, the Proto, and `fields` (see msra_fields); `infos`: the expert information by id.
function Tree.new(msra, rdp, infos)
  return setmetatable({ msra = msra, rdp = rdp, infos = infos, masks_secrets = false }, Tree)
end

-- Add a field; `value` true means that the bytes themselves are the value. `exact`: add the companion of a text.
local function add(tree, fields, name, range, value, exact, is_generated)
  local entry = fields[name]
  local shown = entry.utf8 and text.for_xml(value) or value
  local item = value == true and tree:add(entry.field, range) or tree:add(entry.field, range, shown)
  if entry.generated or is_generated then
    item:set_generated()
  end
  if exact and entry.utf8 then
    tree:add(entry.utf8, range, text.hex(value)):set_hidden()
  end
  return item
end

-- An attribute of RCCOMMAND: name and value, and the field that known ones have besides.
local function add_attribute(tree, fields, range, item, exact)
  local subtree = tree:add(fields.attribute.field, range)
  subtree:set_text(string.format("Attribute %s: %s", item.name, text.label(item.value)))
  subtree:set_generated()
  add(subtree, fields, "attribute.name", range, item.name, exact)
  add(subtree, fields, "attribute.value", range, item.value, exact)
  if item.known then
    add(tree, fields, item.known, range, item.value, exact)
  end
end

-- The time between two moments in seconds, as Wireshark's fields take it.
local function difference(from, to)
  local nanoseconds = math.max(math.floor((to - from) * 1e9 + 0.5), 0)
  local seconds = math.floor(nanoseconds / 1e9)
  return NSTime.new(seconds, math.floor(nanoseconds - seconds * 1e9))
end

-- A size of a file: the announced one may be any number.
local function uint64(number)
  return UInt64.new(math.floor(number % 2 ^ 32), math.floor(number / 2 ^ 32))
end

-- Whether one of the texts needs a companion; then all have one, so that those of repeated fields stay in step.
local function needs_exact(items)
  for _, item in ipairs(items) do
    if (type(item.value) == "string" and not text.is_safe(item.value)) or needs_exact(item.children or {}) then
      return true
    end
  end
  return false
end

-- The items of a message, which starts at `at` of the bytes.
function Tree:items(tree, tvb, at, message)
  local fields, exact = self.msra.fields, needs_exact(message.items)
  for _, item in ipairs(message.items) do
    local range = tvb:range(at + item.at, item.size)
    if self.masks_secrets and secrets.is_secret(message, item) then
      add(tree, fields, "masked", range, item.name or item.field)
    elseif item.field == "attribute" then
      add_attribute(tree, fields, range, item, exact)
    else
      local subtree = add(tree, fields, item.field, range, item.value, exact, item.generated)
      if item.meaning then
        subtree:append_text(" " .. item.meaning)
      end
      for _, part in ipairs(item.children or {}) do
        add(subtree, fields, part.field, tvb:range(at + part.at, part.size), part.value, exact, part.generated)
      end
    end
  end
end

-- How far a file transfer is with this message.
function Tree:transfer(tree, range, transfer)
  local fields, exact = self.msra.fields, not text.is_safe(transfer.name or "")
  add(tree, fields, "transfer.state", range, transfer.state)
  add(tree, fields, "transfer.received", range, uint64(transfer.received))
  add(tree, fields, "transfer.size", range, uint64(transfer.size))
  if transfer.name then
    add(tree, fields, "transfer.filename", range, transfer.name, exact)
  end
end

-- The contact in a file that this message makes whole, on the bytes of the file.
function Tree:contact(tree, contact)
  local tvb, fields = ByteArray.new(contact.data, true):tvb("Remote Assistance contact"), self.msra.fields
  local subtree = tree:add(fields.contact.field, tvb:range())
  subtree:set_generated()
  if not contact.items then
    subtree:add_proto_expert_info(self.infos.malformed_contact)
    return
  end
  local exact = needs_exact(contact.items)
  for _, item in ipairs(contact.items) do
    add(subtree, fields, item.field, tvb:range(item.at, item.size), item.value, exact)
  end
end

-- What other messages of the connection say about this one. Later ones are known from the second pass on.
function Tree:relations(tree, range, pinfo, event, connection)
  local fields, request, response = self.msra.fields, event.request, event.response
  if request then
    add(tree, fields, "response_to", range, request.frame)
    add(tree, fields, "response_time", range, difference(request.time, event.time))
  end
  if pinfo.visited and response then
    add(tree, fields, "response_in", range, response.frame)
  end
  if pinfo.visited and connection.session.final_result then
    add(tree, fields, "final_result", range, connection.session.final_result)
  end
end

function Tree:message(tree, tvb, pinfo, event, connection)
  local message, fields, at = event.message, self.msra.fields, event.at
  if event.data then
    tvb = ByteArray.new(event.data, true):tvb("Remote Assistance message")
  end
  -- What is concluded stands on no bytes but for the type: with each item, PDML repeats the bytes that it stands on.
  local whole, none, line = tvb:range(at, event.size), tvb:range(at, 0), summary.of(message)
  local root = tree:add(self.msra.proto, whole, string.format("%s, %s, from the %s", PROTOCOL, line, event.from))
  add(root, fields, "connection", none, connection.id)
  add(root, fields, "session", none, connection.session.number)
  if event.version then
    add(root, fields, "version", none, event.version)
  end
  add(root, fields, "from", none, event.from)
  add(root, fields, "type", whole, message.type)
  self:items(root, tvb, at, message)
  if message.transfer then
    self:transfer(root, none, message.transfer)
  end
  if message.contact then
    self:contact(root, message.contact)
  end
  for _, note in ipairs(message.notes) do
    add(root, fields, "note", none, note):append_text(": " .. experts.note(note))
  end
  self:relations(root, none, pinfo, event, connection)
  for _, id in ipairs(experts.of_message(message)) do
    if self.infos[id] then
      root:add_proto_expert_info(self.infos[id], experts.text(id, message))
    end
  end
  self.columns(pinfo, line)
end

-- Several messages of a frame stand side by side, also with what other dissectors said of the frame for good.
function Tree.columns(pinfo, line)
  local info = pinfo.cols.info
  info:clear()
  local before = tostring(info) -- "[TCP Retransmission] " needs nothing behind it
  info:set(before:find("%S") and not before:find("%] $") and "; " .. line or line)
  info:fence()
  pinfo.private[SHOWN] = "1"
end

-- What other dissectors said after the messages of this frame gives way.
function Tree.restore_columns(pinfo)
  if pinfo.private[SHOWN] then
    pinfo.cols.protocol:set(PROTOCOL)
    pinfo.cols.info:clear()
  end
end

local OPEN = { "expert_ip", "expert_port", "novice_ip", "novice_port" }

-- An event of the transport: the name for the tree, and its fields in their order.
local function describe(event)
  local rows = {}
  if event.kind == "open" then
    for index, name in ipairs(OPEN) do
      rows[index] = { name, event[name] }
    end
    return "open", rows
  elseif event.kind == "gap" then
    return "gap", { { "gap", event.name }, { "gap_size", event.size } }
  end
  return event.name, event.data
end

function Tree:transport(tree, range, event, connection)
  local fields = self.rdp.fields
  local name, rows = describe(event)
  local root = tree:add(self.rdp.proto, range, string.format("Remote Desktop transport, %s", event.name or name))
  add(root, fields, "connection", range, connection.id)
  add(root, fields, "from", range, event.from)
  add(root, fields, "event", range, name)
  for _, row in ipairs(rows) do
    local values = type(row[2]) == "table" and row[2] or { row[2] }
    local exact = not text.is_safe(table.concat(values))
    for _, value in ipairs(values) do
      add(root, fields, row[1], range, value, exact)
    end
  end
  local info = event.kind == "gap" and self.infos[event.name]
  if info then
    root:add_proto_expert_info(info)
  end
end

-- Show the events of one PDU, whose bytes are all of `tvb`.
function Tree:show(tree, tvb, pinfo, events, connection)
  for _, event in ipairs(events) do
    if event.kind == "message" then
      self:message(tree, tvb, pinfo, event, connection)
    else
      self:transport(tree, tvb:range(), event, connection)
    end
  end
end

return Tree
