-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The text of a session control message ([MS-RA] 2.2.2): one element RCCOMMAND.
--
--     <RCCOMMAND NAME="FILEXFER" FILENAME="20070130182140.xml" FILESIZE="436" CHANNELID="RA_FX"/>
--
-- The text comes from the network, so that no XML library reads it: there are no document types, no entities but the
-- predefined ones, and no nesting. The scanner forgives what peers may do wrong, an unescaped "&" for one.

local bytes = require("msra_bytes")

local M = {}

local SPACE = "[ \t\r\n]*" -- XML 1.0, 2.3
local START = "^" .. SPACE .. "<RCCOMMAND[ \t\r\n]()"
local ATTRIBUTE = "^" .. SPACE .. "()([A-Za-z_:][A-Za-z0-9_:.-]*)" .. SPACE .. "=" .. SPACE .. "([\"'])()"
local ENDS = { "^" .. SPACE .. "/?>" .. SPACE .. "$", "^" .. SPACE .. "/?>" .. SPACE .. "</RCCOMMAND>" .. SPACE .. "$" }

-- The attributes of [MS-RA] 2.2.2 that have a field of their own.
M.KNOWN = {
  "name", "filename", "filesize", "channelid", "internaldata", "voipver", "voipgokey", "voipiplist",
  "expertipdata", "property", "value",
}

local MOST_ATTRIBUTES = 1000 -- of one element; real ones have ten

local PREDEFINED = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }

-- The character for the inside of a reference, or nil for what is none: it then stays as it is.
local function referenced(name)
  local decimal, hexadecimal = name:match("^#0*(%d+)$"), name:match("^#x0*(%x+)$")
  local digits = decimal or hexadecimal
  if not digits or #digits > 7 then
    return PREDEFINED[name]
  end
  local code = tonumber(digits, decimal and 10 or 16)
  local is_character = (code > 0 and code < 0xD800) or (code >= 0xE000 and code <= 0x10FFFF)
  return is_character and bytes.utf8(code) or nil
end

local function unescape(value)
  return (value:gsub("&(#?[A-Za-z0-9]+);", referenced)) -- nil keeps the reference
end

-- string.lower depends on the locale: in Turkish, "I" has another small letter.
local function lower(name)
  return (name:gsub("[A-Z]", function(letter)
    return string.char(letter:byte() + 32)
  end))
end

-- The attributes from position `at` of `text` on, in their order, each { name, value, from, to } with its lower-case
-- name and its place, counted from 0; an attribute that is given twice counts once. Gives also where they end, and the
-- set of their names.
function M.attributes(text, at)
  local attributes, seen = {}, {}
  while true do
    local from, name, quote, value_at = text:match(ATTRIBUTE, at)
    local closing = from and text:find(quote, value_at, true)
    if not closing or #attributes == MOST_ATTRIBUTES then
      return attributes, at, seen
    end
    name = lower(name)
    if not seen[name] then
      seen[name] = true
      local value = unescape(text:sub(value_at, closing - 1))
      attributes[#attributes + 1] = { name = name, value = value, from = from - 1, to = closing }
    end
    at = closing + 1
  end
end

-- The attributes of an RCCOMMAND; nil if `text` is none, or has no NAME.
function M.scan(text)
  local start = text:match(START)
  if not start then
    return nil
  end
  local attributes, at, seen = M.attributes(text, start)
  local ends = text:find(ENDS[1], at) or text:find(ENDS[2], at)
  return ends and seen.name and attributes or nil
end

return M
