-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The fields of both protocols, as tables: { name, kind, label [, display or value strings] }. The name in a display
-- filter is the protocol's, a dot and this name. Fields of kind "generated_..." are not on the wire as such. A "text"
-- comes from the network, and has a hidden companion <name>_utf8 (see msra_text).

local M = {}

-- Shown for each Remote Assistance message.
M.MSRA = {
  { "connection", "generated_uint32", "RDP connection" },
  { "from", "generated_string", "Sent by" },
  { "type", "generated_string", "Message" },
  { "note", "generated_string", "Note" },
  -- [MS-RA] 2.2.1.1, 2.2.1.2
  { "channel_name_len", "uint32", "ChannelNameLen" },
  { "data_len", "uint32", "DataLen" },
  { "channel_name", "text", "ChannelName" },
  -- [MS-RA] 2.2.1
  { "msg_type", "uint32", "msgType", "msg_types" },
  { "result", "uint32", "result", "results" },
  { "result_name", "generated_string", "Result" },
  { "result_text", "generated_string", "Meaning" },
  { "result_versions", "generated_string", "Protocol versions that use it" },
  { "result_advice", "generated_string", "Advice" },
  { "version_major", "uint32", "versionMajor" },
  { "version_minor", "uint32", "versionMinor" },
  { "ra_connection_string", "text", "raConnectionString" },
  { "expert_blob", "text", "expertBlob" },
  { "bstr_count", "uint32", "BSTR byte count" },
  { "encrypted_password", "bytes", "encryptedPassword" },
  { "novice_name", "text", "Novice's name" },
  { "expert_name", "text", "Expert's name" },
  { "token", "bytes", "token" },
  -- [MS-RA] 2.2.2, 3.11
  { "text", "text", "Text" },
  { "command", "text", "Command" },
  { "attribute", "generated_none", "Attribute" },
  { "attribute.name", "generated_text", "Name" },
  { "attribute.value", "generated_text", "Value" },
  { "name", "text", "NAME" },
  { "filename", "text", "FILENAME" },
  { "filesize", "text", "FILESIZE" },
  { "channelid", "text", "CHANNELID" },
  { "internaldata", "text", "INTERNALDATA" },
  { "voipver", "text", "VOIPVER" },
  { "voipgokey", "text", "VOIPGOKEY" },
  { "voipiplist", "text", "VOIPIPLIST" },
  { "expertipdata", "text", "EXPERTIPDATA" },
  { "property", "text", "PROPERTY" },
  { "value", "text", "VALUE" },
  -- [MS-RA] 2.2.3
  { "file_data", "bytes", "Block of the file" },
  { "file_data_len", "generated_uint32", "Bytes in this block" },
  { "data", "bytes", "Data" },
}

-- Shown where the transport below says something: python/msra/events.py, FACTS and GAPS.
M.RDP = {
  { "connection", "generated_uint32", "RDP connection" },
  { "from", "generated_string", "Sent by" },
  { "event", "generated_string", "Event" },
  { "expert_ip", "generated_string", "Expert (RDP client)" },
  { "expert_port", "generated_uint32", "Expert's port" },
  { "novice_ip", "generated_string", "Novice (RDP server)" },
  { "novice_port", "generated_uint32", "Novice's port" },
  { "cookie", "generated_text", "Cookie" },
  { "requested_protocols", "generated_uint32", "Requested protocols", "hex" },
  { "selected_protocol", "generated_uint32", "Selected protocol", "hex" },
  { "failure_code", "generated_uint32", "Failure code" },
  { "channel_names", "generated_text", "Channel" },
  { "channel_ids", "generated_uint32", "Channel id" },
  { "encryption_method", "generated_uint32", "Encryption method", "hex" },
  { "encryption_level", "generated_uint32", "Encryption level" },
  { "version", "generated_string", "TLS version" },
  { "reason", "generated_uint32", "Reason" },
  { "gap", "generated_string", "Not read" },
  { "gap_size", "generated_uint32", "Bytes not read" },
}

local GENERATED = "generated_"

local function create_field(abbreviation, kind, label, display, strings)
  if kind:find("^uint") then
    return ProtoField[kind](abbreviation, label, display, strings)
  end
  return ProtoField[kind == "text" and "string" or kind](abbreviation, label)
end

-- Creates the fields of a protocol: a table of { field, generated, utf8 } by name. `value_strings`: by the names that
-- the tables above use. Every number is shown in decimal first, so that all output agrees.
function M.create(proto, rows, value_strings)
  local fields, all = {}, {}
  for _, row in ipairs(rows) do
    local name, kind, label, extra = row[1], row[2], row[3], row[4]
    local plain = kind:gsub(GENERATED, "")
    local abbreviation = proto.name:lower() .. "." .. name
    local display = extra == "hex" and base.DEC_HEX or base.DEC
    local entry = { field = create_field(abbreviation, plain, label, display, value_strings[extra]) }
    entry.generated = kind ~= plain
    all[#all + 1] = entry.field
    if plain == "text" then
      entry.utf8 = ProtoField.string(abbreviation .. "_utf8", label .. " (UTF-8 in hexadecimal digits)")
      all[#all + 1] = entry.utf8
    end
    fields[name] = entry
  end
  proto.fields = all
  return fields
end

return M
