-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Contact information ([MS-RA] 2.2.5): the file that version 3 peers exchange, so that they meet again without a
-- password. It travels as an internal file: an INTERNALDATA other than "0" ([MS-RA] 3.9).
--
--     <?xml version="1.0"?>
--     <RAINVITATIONCOLL><RAINVITATIONITEM NAME="" COMPUTERNAME="" AVATAR="" PUBLICKEY="" ADDRESS="" TYPE="" TIME=""/>
--     </RAINVITATIONCOLL>

local bytes = require("msra_bytes")
local elements = require("msra_elements")

local M = {}

M.MOST_BYTES = 256 * 1024 -- of a file that is kept; the picture of a real one takes some 44,000 characters

local PATH = "/RAINVITATIONCOLL/RAINVITATIONITEM"
-- The attributes in the order of the specification, and their fields.
local FIELDS = {
  { "name", "contact.name" }, { "computername", "contact.computer_name" }, { "avatar", "contact.avatar" },
  { "publickey", "contact.public_key" }, { "address", "contact.address" }, { "type", "contact.type" },
  { "time", "contact.time" },
}

-- Whether an announced file is internal. `values`: the attributes of FILEXFER.
function M.is_internal(values)
  return (values.internaldata or "0") ~= "0"
end

-- Whole characters of UTF-8 (RFC 3629), the shortest form only, no surrogates.
local UTF8 = {
  "[\240][\144-\191][\128-\191][\128-\191]", "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]", "\224[\160-\191][\128-\191]", "[\225-\236\238\239][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]", "[\194-\223][\128-\191]",
}

local function is_utf8(data)
  for _, pattern in ipairs(UTF8) do
    data = data:gsub(pattern, "")
  end
  return not data:find("[\128-\255]")
end

-- What Windows-1252 has where ISO 8859-1 has control characters, 0x80 to 0x9F; 0 is undefined.
local WINDOWS = {
  0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
  0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
}

local function from_windows(letter)
  local code = WINDOWS[letter:byte() - 0x7F] or letter:byte()
  return bytes.utf8(code == 0 and 0xFFFD or code)
end

local LITTLE, BIG = { ["\255\254"] = true, ["<\0"] = true }, { ["\254\255"] = true, ["\0<"] = true }

-- The text of the file in UTF-8, and how many bytes of the file the first `count` bytes of that text are. UTF-16 or
-- 8-bit, whatever the XML declaration claims.
local function decode(data)
  local start = data:sub(1, 2)
  if BIG[start] then
    data = data:gsub("(.)(.)", "%2%1")
  end
  if LITTLE[start] or BIG[start] then
    local text = bytes.utf16(data, 0, #data)
    return text, function(count)
      return 2 * bytes.units(text, count)
    end
  elseif is_utf8(data) then
    return data, function(count)
      return count
    end
  end
  local text = data:gsub("[\128-\255]", from_windows)
  return text, function(count)
    return bytes.units(text, count)
  end
end

-- The first contact in the content of a file: items as those of a message (see msra_body); nil if there is none.
function M.items(data)
  local text, place = decode(data)
  for _, element in ipairs(elements.scan(text) or {}) do
    if element.path == PATH then
      local items = {}
      for _, row in ipairs(FIELDS) do
        local attribute = element.attributes[row[1]]
        if attribute then
          local at = place(attribute.from)
          items[#items + 1] = { field = row[2], value = attribute.value, at = at, size = place(attribute.to) - at }
        end
      end
      return items
    end
  end
  return nil
end

return M
