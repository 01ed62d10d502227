-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The control messages ([MS-RA] 2.2.1) on the sub-channel RC_CTL: msg_type u32, then the body drawn at each message.

local blob = require("msra_blob")
local bytes = require("msra_bytes")
local codes = require("msra_codes")
local connection_string = require("msra_connection_string")

local M = {}

-- The text and its parts ([MS-RAI] 2.2.1, 2.2.2).
local function connection_string_text(body, note)
  local item = body:text("ra_connection_string", note)
  item.children = {}
  for index, part in ipairs(connection_string.parts(item.value) or {}) do
    item.children[index] = {
      field = "connection_string." .. part[1], value = part[2], at = item.at, size = item.size, generated = true,
    }
  end
end

local BLOB_FIELDS = { NAME = "expert_blob.name", PASS = "expert_blob.pass" }

-- | expert_blob, NUL |                                     expert, version 2
local function read_blob(body)
  local item = body:text("expert_blob", "missing_terminator")
  item.children = {}
  for index, property in ipairs(blob.properties(body.data, item.at, item.text_stop) or {}) do
    local field, value = BLOB_FIELDS[property.name], property.value
    item.children[index] = {
      field = field or "expert_blob.property", value = field and value or property.name .. "=" .. value,
      at = property.at, size = property.size,
    }
  end
end

-- | ra_connection_string, NUL |            expert, version 1
local function read_connection_string(body)
  connection_string_text(body, "missing_terminator")
end

-- | result u32 |                           a code of [MS-RA] 2.2.6; versions 1 and 2
local function read_result(body)
  local at, result = body.at, body:u32("result")
  if not result then
    return
  end
  local code = codes.lookup(result)
  body.code, body.result = code, result
  body:add("result_name", code.name, at, 4)
  body:add("result_text", code.text, at, 4)
  if code.versions ~= "" then
    body:add("result_versions", code.versions, at, 4)
  end
  for _, sentence in ipairs(code.advice) do -- all in one would be too long for a line of the tree
    body:add("result_advice", sentence, at, 4)
  end
end

local SEMICOLON, EQUALS, ZERO, NINE = 0x3B, 0x3D, 0x30, 0x39

-- Where the count before the semicolon at `semicolon` can begin, so that its property ends where others begin or the
-- blob ends: "112;..." is 112, or a 12 or 2 after other text. Adds the places to `starts`, gives the leftmost.
local function property_starts(data, from, semicolon, equals, starts)
  local count, weight, leftmost, at = 0, 1, nil, semicolon - 2
  local limit = math.floor((starts.stop - semicolon) / 2)
  while at >= from do
    local unit = bytes.u16(data, at)
    if unit < ZERO or unit > NINE then
      break
    end
    count = count + (unit - ZERO) * weight
    if count > limit then
      break
    end
    weight = math.min(weight * 10, limit + 1) -- leading zeros must not make big numbers
    local property_end = semicolon + 2 + 2 * count
    if equals < property_end and starts[property_end] then
      starts[at], leftmost = true, at
    end
    at = at - 2
  end
  return leftmost
end

-- The first place from which data[from, to) is nothing but the properties of an expert blob, or nil. Passes once, from
-- right to left, since the text may be long. A blob is repeated <count>;<NAME>=<value>, where count is the number of
-- UTF-16 code units after the semicolon.
local function first_blob(data, from, to)
  local starts, equals, first = { [to] = true, stop = to }, to, nil
  for at = to - 2, from, -2 do
    local unit = bytes.u16(data, at)
    if unit == EQUALS then
      equals = at
    elseif unit == SEMICOLON and at + 2 < equals then
      first = property_starts(data, from, at, equals, starts) or first
    end
  end
  return first
end

-- | ra_connection_string, NUL | expert_blob, NUL |        expert, version 1
-- Real peers (FreeRDP 3) put nothing between the two, and no NUL at the end.
local function read_authenticate(body)
  local from, stop = body.at, body.stop
  local _, behind, terminated = bytes.utf16(body.data, from, stop)
  if terminated and behind < stop then
    connection_string_text(body, "missing_terminator")
    read_blob(body)
    return
  end
  local glue = first_blob(body.data, from, terminated and behind - 2 or behind)
  body.stop = glue or stop
  connection_string_text(body, glue and "no_separator" or "missing_terminator")
  if glue then
    body.stop = stop
    read_blob(body)
  end
end

-- | version_major u32 | version_minor u32 |               both sides; 1 and 2
local function read_version(body)
  if body:u32("version_major") then
    body:u32("version_minor")
  end
end

-- | encrypted_password or token: a BSTR, or the bytes alone |
local function read_bstr(field)
  return function(body)
    body:skip_bstr_count(false)
    body:bytes(field)
  end
end

-- | name: a BSTR, or the text alone; no NUL needed |       version 2, optional
local function read_name(field)
  return function(body)
    body:skip_bstr_count(true)
    body:text(field)
  end
end

local function read_nothing()
end

-- [MS-RA] 2.2.1; the names are the document's.
local MESSAGES = {
  [1] = { "REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP", read_connection_string },
  [2] = { "REMOTEDESKTOP_CTL_RESULT", read_result },
  [3] = { "REMOTEDESKTOP_CTL_AUTHENTICATE", read_authenticate },
  [4] = { "REMOTEDESKTOP_CTL_SERVER_ANNOUNCE", read_nothing },
  [5] = { "REMOTEDESKTOP_CTL_DISCONNECT", read_nothing },
  [6] = { "REMOTEDESKTOP_CTL_VERSIONINFO", read_version },
  [7] = { "REMOTEDESKTOP_CTL_ISCONNECTED", read_nothing },
  [8] = { "REMOTEDESKTOP_CTL_VERIFY_PASSWORD", read_blob },
  [9] = { "REMOTEDESKTOP_EXPERT_ON_VISTA", read_bstr("encrypted_password") },
  [10] = { "REMOTEDESKTOP_CTL_RANOVICE_NAME", read_name("novice_name") },
  [11] = { "REMOTEDESKTOP_CTL_RAEXPERT_NAME", read_name("expert_name") },
  [12] = { "REMOTEDESKTOP_CTL_TOKEN", read_bstr("token") },
}

-- The names by number, for the field's value strings.
M.names = {}
for number, message in pairs(MESSAGES) do
  M.names[number] = message[1]
end

-- Reads a control message; gives its type.
function M.read(body)
  local msg_type = body:u32("msg_type")
  local message = MESSAGES[msg_type]
  if message then
    message[2](body)
    body:finish()
    return message[1]
  elseif msg_type then
    body:bytes("data")
  end
  return "UNKNOWN"
end

return M
