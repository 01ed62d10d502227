-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The fields of both protocols, as tables: { name, kind, label [, display or value strings] }. The name in a display
-- filter is the protocol's, a dot and this name. Fields of kind "generated_..." are not on the wire as such. A "text"
-- comes from the network, and has a hidden companion <name>_utf8 (see msra_text).

-- luacheck: read globals frametype

local M = {}

-- Shown for each Remote Assistance message.
M.MSRA = {
  { "connection", "generated_uint32", "RDP connection" },
  { "session", "generated_uint32", "Session" },
  { "version", "generated_uint32", "Protocol version" },
  { "from", "generated_string", "Sent by" },
  { "type", "generated_string", "Message" },
  { "response_in", "generated_framenum", "Answered in", "RESPONSE" },
  { "response_to", "generated_framenum", "Answer to", "REQUEST" },
  { "response_time", "generated_relative_time", "Time since the request" },
  { "final_result", "generated_uint32", "Final result of the session", "results" },
  { "masked", "generated_string", "Masked" },
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
  { "connection_string.protocol_version", "generated_text", "ProtocolVersion" },
  { "connection_string.protocol_type", "generated_text", "protocolType" },
  { "connection_string.machine_address", "generated_text", "Listener of the novice" },
  { "connection_string.assistant_account_pwd", "generated_text", "assistantAccountPwd" },
  { "connection_string.ra_session_id", "generated_text", "RASessionID" },
  { "connection_string.ra_session_name", "generated_text", "RASessionName" },
  { "connection_string.ra_session_pwd", "generated_text", "RASessionPwd" },
  { "connection_string.protocol_specific_parms", "generated_text", "protocolSpecificParms" },
  { "connection_string.kh", "generated_text", "KH" },
  { "connection_string.kh2", "generated_text", "KH2" },
  { "connection_string.id", "generated_text", "ID" },
  { "connection_string.transport_id", "generated_text", "ID of the transport" },
  { "connection_string.transport_sid", "generated_text", "SID of the transport" },
  { "connection_string.listener_port", "generated_text", "Port of the listener" },
  { "connection_string.listener_name", "generated_text", "Name of the listener" },
  { "connection_string.listener_uri", "generated_text", "URI of the listener" },
  { "expert_blob", "text", "expertBlob" },
  { "expert_blob.name", "text", "NAME" },
  { "expert_blob.pass", "text", "PASS" },
  { "expert_blob.property", "text", "Property" },
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
  { "transfer.state", "generated_string", "Transfer" },
  { "transfer.received", "generated_uint64", "Bytes so far" },
  { "transfer.size", "generated_uint64", "Bytes of the file" },
  { "transfer.filename", "generated_text", "File" },
  -- [MS-RA] 2.2.5
  { "contact", "generated_none", "Contact" },
  { "contact.name", "text", "NAME" },
  { "contact.computer_name", "text", "COMPUTERNAME" },
  { "contact.avatar", "text", "AVATAR" },
  { "contact.public_key", "text", "PUBLICKEY" },
  { "contact.address", "text", "ADDRESS" },
  { "contact.type", "text", "TYPE" },
  { "contact.time", "text", "TIME" },
  -- [MS-RDPEMC] 2.2
  { "order_type", "uint16", "Type", "order_types" },
  { "order_length", "uint16", "Length" },
  { "flags", "uint16", "Flags", "hex" },
  { "app_id", "uint32", "AppId" },
  { "wnd_id", "uint32", "WndId", "hex" },
  { "participant_id", "uint32", "ParticipantId" },
  { "group_id", "uint32", "GroupId" },
  { "disc_type", "uint32", "DiscType", "disc_types" },
  { "disc_code", "uint32", "DiscCode", "disc_codes" },
  { "reason_code", "uint32", "ReasonCode", "hex" },
  { "left", "uint32", "Left" },
  { "top", "uint32", "Top" },
  { "right", "uint32", "Right" },
  { "bottom", "uint32", "Bottom" },
  { "cch_string", "uint16", "cchString" },
  { "app_name", "text", "Name of the application" },
  { "wnd_name", "text", "Name of the window" },
  { "friendly_name", "text", "FriendlyName" },
  -- What is not understood, of any message
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

local function create_field(abbreviation, kind, label, display, strings, extra)
  if kind == "framenum" then
    return ProtoField.framenum(abbreviation, label, base.NONE, frametype[extra])
  end
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
    local entry = { field = create_field(abbreviation, plain, label, display, value_strings[extra], extra) }
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
