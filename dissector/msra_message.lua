-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A Remote Assistance message ([MS-RA] 2.2.1.1, 2.2.1.2): the header, and what its ChannelName says.
--
--     channel_name_len u32 | data_len u32 | channel_name, NUL | data_len bytes
--     RC_CTL control, 70 chat, 71 session control, RA_FX and those of version 1 file transfer; else unknown
--
-- Pure Lua: bytes in, a table out. Showing it is the work of msra_tree.

local Body = require("msra_body")
local bytes = require("msra_bytes")
local command = require("msra_command")
local contact = require("msra_contact")
local control = require("msra_control")
local transfer = require("msra_transfer")

local M = {}

local FIXED, SHORTEST_NAME, LONGEST_NAME = 8, 2, 64

-- Where ChannelName ends, or nil if there is no valid header.
local function name_end(data, from, to)
  local size = to - from >= FIXED and bytes.u32(data, from)
  if not size or size % 2 ~= 0 or size < SHORTEST_NAME or size > LONGEST_NAME or from + FIXED + size > to then
    return nil
  end
  return from + FIXED + size
end

local function read_chat(body)
  body:text("text", "missing_terminator")
  body:finish()
  return "CHAT"
end

local KNOWN = {}
for _, name in ipairs(command.KNOWN) do
  KNOWN[name] = true
end

-- Each attribute is an item with its own bytes; `known` is the field it has besides. Gives the values by name.
local function add_attributes(body, text, attributes)
  local values = {}
  for _, attribute in ipairs(attributes) do
    local at = text.at + 2 * bytes.units(text.value, attribute.from)
    local stop = text.at + 2 * bytes.units(text.value, attribute.to)
    local item = body:add("attribute", attribute.value, at, stop - at)
    item.name = attribute.name
    item.known = KNOWN[attribute.name] and attribute.name or nil
    values[attribute.name] = attribute.value
  end
  return values
end

local function read_command(body, sender, transfers)
  local text = body:text("text", "missing_terminator")
  local attributes = command.scan(text.value)
  if attributes then
    text.field = "command"
    local values = add_attributes(body, text, attributes)
    body.name = values.name
    transfers:announced(sender, values)
  else
    body:note("malformed_xml")
  end
  body:finish()
  return "RCCOMMAND"
end

local function read_unknown(body)
  body:bytes("data")
  return "UNKNOWN"
end

local READERS = { RC_CTL = control.read, remdesk = control.read, ["70"] = read_chat, ["71"] = read_command }

-- Decode the message in data[from, to), or give nil if it has no valid header. `transfers` are those of the connection.
-- The message: channel, type, items, notes, and where there is one contact, and for the summary code, name, transfer.
-- Offsets of the items count from `from`.
function M.decode(data, from, to, sender, transfers)
  local body_at = name_end(data, from, to)
  if not body_at then
    return nil
  end
  if from > 0 then
    data, body_at, to, from = data:sub(from + 1, to), body_at - from, to - from, 0
  end
  local body = Body.new(data, from, to)
  body:u32("channel_name_len")
  local data_len = body:u32("data_len")
  body.stop = body_at
  local channel = body:text("channel_name", "name_not_terminated").value
  if body.at < body_at then
    body:note("name_padded")
  end
  body.at, body.stop = body_at, math.min(body_at + data_len, to)
  if body_at + data_len ~= to then
    body:note("bad_length")
  end
  local is_control = READERS[channel] == control.read
  local message = { channel = channel, items = body.items }
  message.unknown = is_control and "unknown_msg_type" or "unknown_channel"
  if transfer.is_file_channel(channel) then
    message.type = transfers:read(body, sender, channel)
  else
    message.type = (READERS[channel] or read_unknown)(body, sender, transfers)
  end
  message.notes, message.name, message.transfer = body:notes(), body.name, body.transfer
  message.code, message.result = body.code, body.result
  if body.content then -- of an internal file that is whole now
    message.contact = { data = body.content, items = contact.items(body.content) }
  end
  return message
end

-- Whether data[from, to) proves that its channel, whose name is not known, carries Remote Assistance.
function M.identify(data, from, to)
  local body_at = name_end(data, from, to)
  if not body_at or body_at + bytes.u32(data, from + 4) ~= to then
    return false
  end
  local channel = bytes.utf16(data, from + FIXED, body_at)
  return channel ~= "remdesk" and READERS[channel] ~= nil or transfer.is_file_channel(channel)
end

return M
