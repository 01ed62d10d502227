-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Shows events in Wireshark: a protocol of its own for each message (MS-RA) and for each event of the transport
-- (Remote Desktop transport), and the columns Protocol and Info.

local experts = require("msra_experts")
local summary = require("msra_summary")
local text = require("msra_text")

local Tree = {}
Tree.__index = Tree

local PROTOCOL = "MS-RA"
local SHOWN = "msra_shown" -- in pinfo.private: this frame has a message

-- `msra`, `rdp`: each with `proto`, the Proto, and `fields` (see msra_fields); `infos`: the expert information by id.
function Tree.new(msra, rdp, infos)
  return setmetatable({ msra = msra, rdp = rdp, infos = infos }, Tree)
end

-- Add a field; `value` true means that the bytes themselves are the value. `exact`: add the companion of a text.
local function add(tree, fields, name, range, value, exact)
  local entry = fields[name]
  local shown = entry.utf8 and text.for_xml(value) or value
  local item = value == true and tree:add(entry.field, range) or tree:add(entry.field, range, shown)
  if entry.generated then
    item:set_generated()
  end
  if exact and entry.utf8 then
    tree:add(entry.utf8, range, text.hex(value)):set_hidden()
  end
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

-- Whether one of the texts needs a companion; then all have one, so that those of repeated fields stay in step.
local function needs_exact(rows, key)
  for _, row in ipairs(rows) do
    if type(row[key]) == "string" and not text.is_safe(row[key]) then
      return true
    end
  end
  return false
end

function Tree:message(tree, tvb, pinfo, event, connection)
  local message, fields = event.message, self.msra.fields
  local at = event.at
  if event.data then
    tvb, at = ByteArray.new(event.data, true):tvb("Remote Assistance message"), event.at
  end
  local whole, line = tvb:range(at, event.size), summary.of(message)
  local exact = needs_exact(message.items, "value")
  local root = tree:add(self.msra.proto, whole, string.format("%s, %s, from the %s", PROTOCOL, line, event.from))
  add(root, fields, "connection", whole, connection.id)
  add(root, fields, "from", whole, event.from)
  add(root, fields, "type", whole, message.type)
  for _, item in ipairs(message.items) do
    local range = tvb:range(at + item.at, item.size)
    if item.field == "attribute" then
      add_attribute(root, fields, range, item, exact)
    else
      add(root, fields, item.field, range, item.value, exact)
    end
  end
  for _, note in ipairs(message.notes) do
    add(root, fields, "note", whole, note)
  end
  for _, id in ipairs(experts.of_message(message)) do
    if self.infos[id] then
      root:add_proto_expert_info(self.infos[id], experts.text(id, message))
    end
  end
  self.columns(pinfo, line)
end

-- Several messages of a frame stand side by side.
function Tree.columns(pinfo, line)
  local info = pinfo.cols.info
  info:set(pinfo.private[SHOWN] and "; " .. line or line)
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
