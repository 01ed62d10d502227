-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Remote Assistance connection strings, taken apart. Both forms name the listeners of the novice, the session, and the
-- hash of the key with which the novice proves itself.
--
--     [MS-RAI] 2.2.1    65538,1,<host:port;host:port...>,*,<RASessionID>,*,*,<protocolSpecificParms>
--     [MS-RAI] 2.2.2    <E><A KH="" KH2="" ID=""/><C><T ID="" SID=""><L P="" N=""/><L U="" N=""/></T></C></E>

local elements = require("msra_elements")

local M = {}

local MOST_CHARACTERS = 0x10000 -- real ones have some hundreds
local MOST_ADDRESSES = 256

local NAMES_1 = {
  "assistant_account_pwd", "ra_session_id", "ra_session_name", "ra_session_pwd", "protocol_specific_parms",
}
-- By the element: the attributes and their names.
local NAMES_2 = {
  ["/E/A"] = { { "kh", "kh" }, { "kh2", "kh2" }, { "id", "id" } },
  ["/E/C/T"] = { { "id", "transport_id" }, { "sid", "transport_sid" } },
  ["/E/C/T/L"] = { { "p", "listener_port" }, { "n", "listener_name" }, { "u", "listener_uri" } },
}

local function is_number(part)
  return part:find("^[0-9]+$") and #part <= 10
end

local function form_1(text)
  local parts = {}
  for part in (text:gsub("^%s+", ""):gsub("%s+$", "") .. ","):gmatch("([^,]*),") do
    parts[#parts + 1] = part
    if #parts > 8 then
      return nil
    end
  end
  if #parts ~= 8 or not is_number(parts[1]) or not is_number(parts[2]) then
    return nil
  end
  local found = { { "protocol_version", parts[1] }, { "protocol_type", parts[2] } }
  for address in parts[3]:gmatch("[^;]+") do
    if #found < MOST_ADDRESSES then
      found[#found + 1] = { "machine_address", address }
    end
  end
  for index, name in ipairs(NAMES_1) do
    found[#found + 1] = { name, parts[3 + index] }
  end
  return found
end

-- An element E with an A, of which the first counts; what is in other places doesn't.
local function form_2(text)
  local found, has_auth = {}, false
  for _, element in ipairs(elements.scan(text) or {}) do
    local is_auth = element.path == "/E/A"
    for _, row in ipairs(not (is_auth and has_auth) and NAMES_2[element.path] or {}) do
      local value = element.values[row[1]]
      if value then
        found[#found + 1] = { row[2], value }
      end
    end
    has_auth = has_auth or is_auth
  end
  return has_auth and found or nil
end

-- The parts of a connection string of either form, each { name, value }, in their order; nil if `text` is neither.
function M.parts(text)
  local _, continuations = text:gsub("[\128-\191]", "")
  if #text - continuations > MOST_CHARACTERS then
    return nil
  end
  local start = text:gsub("^\239\187\191", ""):match("^[ \t\r\n]*(.?)")
  return (start == "<" and form_2 or form_1)(text)
end

return M
