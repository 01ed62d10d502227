-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Expert information: what deserves a look. A failure is a warning, malformed data an error, an ordinary peculiarity of
-- real peers a comment; what ordinary traffic has all the time gets none.

local M = {}

-- { id, text, group, severity }; the filter is msra.expert.<id>. Those named after a note or a gap belong to it.
local MSRA = {
  { "success_result", "Success", "RESPONSE_CODE", "CHAT" },
  { "failure_result", "Failure", "RESPONSE_CODE", "WARN" },
  { "unknown_result", "Not a result code of [MS-RA] 2.2.6", "RESPONSE_CODE", "NOTE" },
  { "unused_result", "[MS-RA] 2.2.6 says that this code is not used", "PROTOCOL", "NOTE" },
  { "result_of_other_version", "This code belongs to another version of the protocol", "PROTOCOL", "WARN" },
  { "unknown_msg_type", "Unknown message type", "UNDECODED", "NOTE" },
  { "unknown_channel", "Unknown sub-channel", "UNDECODED", "NOTE" },
  { "unknown_order", "Unknown order of the channel encomsp", "UNDECODED", "NOTE" },
  { "missing_terminator", "The text has no NUL terminator", "PROTOCOL", "COMMENT" },
  { "no_separator", "Nothing separates the connection string from the expert blob", "PROTOCOL", "COMMENT" },
  { "truncated", "The message ends before its fields do", "MALFORMED", "ERROR" },
  { "bad_length", "The length in the header does not match the data that follows", "MALFORMED", "ERROR" },
  { "trailing_data", "Data follows the last field", "UNDECODED", "NOTE" },
  { "odd_length", "The text has an odd number of bytes", "MALFORMED", "WARN" },
  { "malformed_xml", "The text is no RCCOMMAND element", "MALFORMED", "ERROR" },
  { "malformed_contact", "The internal file is no contact information", "MALFORMED", "NOTE" },
  { "name_not_terminated", "ChannelName has no NUL terminator", "PROTOCOL", "COMMENT" },
  { "name_padded", "Bytes follow the NUL in ChannelName", "PROTOCOL", "COMMENT" },
  { "incomplete_pdu", "The rest of the RDP packet is missing", "REASSEMBLE", "WARN" },
  { "bad_framing", "The bytes are no RDP packet", "MALFORMED", "WARN" },
  { "bad_pdu", "The RDP packet could not be decoded", "MALFORMED", "WARN" },
  { "encrypted", "The data is encrypted and no key was given", "DECRYPTION", "NOTE" },
  { "compressed", "The data is compressed", "UNDECODED", "NOTE" },
  { "incomplete_message", "Other chunks of the channel message are missing", "REASSEMBLE", "WARN" },
  { "bad_header", "The channel message has no valid Remote Assistance header", "MALFORMED", "ERROR" },
}

local TEXTS = {}
for _, row in ipairs(MSRA) do
  TEXTS[row[1]] = row[2]
end

-- Notes that ordinary traffic has all the time.
local NOTES = {
  bstr_counted = "The string has a BSTR byte count",
  bstr_raw = "The string has no BSTR byte count",
}

-- What a note of a message says, as a sentence.
function M.note(id)
  return NOTES[id] or TEXTS[id]
end

-- Creates them for a protocol; a table by id.
function M.create(proto)
  local experts, all = {}, {}
  for _, row in ipairs(MSRA) do
    local id, text, group, severity = row[1], row[2], row[3], row[4]
    local name = "msra.expert." .. id
    experts[id] = ProtoExpert.new(name, text, expert.group[group], expert.severity[severity])
    all[#all + 1] = experts[id]
  end
  proto.experts = all
  return experts
end

-- What the expert information says about this message.
function M.text(id, message)
  local code = message.code
  if code and id == "result_of_other_version" then
    return string.format("%s: %s (it belongs to %s)", code.name, TEXTS[id], code.versions)
  elseif code and id:find("_result$") then
    return string.format("%s: %s", code.name, code.text)
  end
  return TEXTS[id]
end

-- The ids for a message: its result code, and what is not known about it; then its notes.
function M.of_message(message)
  local ids, code = {}, message.code
  if code then
    ids[1] = code.outcome == "established" and "success_result" or "failure_result"
    ids[2] = not code.known and "unknown_result" or not code.used and "unused_result" or nil
    ids[#ids + 1] = message.is_of_other_version and "result_of_other_version" or nil
  elseif message.type == "UNKNOWN" then
    ids[1] = message.unknown
  end
  for _, note in ipairs(message.notes) do
    ids[#ids + 1] = note
  end
  return ids
end

return M
