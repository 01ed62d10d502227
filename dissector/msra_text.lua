-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Text from the network, made harmless for the places where it is shown.
--
-- Wireshark's XML (PDML) writes some characters in a way that cannot be told from other text: a control character as
-- "\x1b", a line break as a blank, a backslash as it is. Where a text has one of them, its item gets a hidden companion
-- with the UTF-8 of the text in hexadecimal digits, for programs that read PDML.

local M = {}

local LONGEST = 80 -- characters in a label

-- C0, DEL and the backslash; C1; what Unicode says is no character (U+FDD0 to U+FDEF, the last two of each plane).
local UNSAFE = {
  "[\0-\31\127\\]", "\194[\128-\159]", "\239\183[\144-\175]", "\239\191[\190\191]",
  "[\240-\244][\143\159\175\191]\191[\190\191]",
}

-- What would disturb a line of text besides: the characters that change the writing direction, and line separators.
local DISTURBING = { "\226\128[\142\143\168-\174]", "\226\129[\166-\169]" }

-- Whether PDML can carry this text as it is.
function M.is_safe(text)
  for _, pattern in ipairs(UNSAFE) do
    if text:find(pattern) then
      return false
    end
  end
  return true
end

-- The text without the characters that no XML may have.
function M.for_xml(text)
  return (text:gsub("\239\191[\190\191]", "\239\191\189"))
end

function M.hex(text)
  return (text:gsub(".", function(letter)
    return string.format("%02x", letter:byte())
  end))
end

-- The text for a label: without what could disturb, and not too long.
function M.label(text)
  text = text:gsub("[\0-\31\127]", " ")
  for index = 2, #UNSAFE do
    text = text:gsub(UNSAFE[index], " ")
  end
  for _, pattern in ipairs(DISTURBING) do
    text = text:gsub(pattern, " ")
  end
  local count = 0
  for at in text:gmatch("()[^\128-\191]") do
    count = count + 1
    if count > LONGEST then
      return text:sub(1, at - 1) .. "..."
    end
  end
  return text
end

return M
