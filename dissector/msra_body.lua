-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- A message while it is read: a cursor over its bytes, the items found so far, and the notes about what is odd.
--
-- An item is { field, value, at, size }: the name of the field, its value, and which bytes of the message hold it.
-- Values are unsigned integers, UTF-8 text, or true for bytes, whose value is where they are. An item of text has its
-- end, `text_stop`, without the terminator; one that was taken apart has `children`, which are items. `generated` are
-- those that are not on the wire as such.

local bytes = require("msra_bytes")

local Body = {}
Body.__index = Body

-- The notes in the order in which they are listed (python/msra/events.py, NOTES).
local NOTES = {
  "missing_terminator", "no_separator", "bstr_counted", "bstr_raw", "truncated",
  "bad_length", "trailing_data", "odd_length", "malformed_xml", "name_not_terminated",
  "name_padded",
}

-- The bytes of the message are data[from, to).
function Body.new(data, from, to)
  return setmetatable({ data = data, at = from, stop = to, items = {}, noted = {} }, Body)
end

function Body:note(id)
  self.noted[id] = true
end

-- The ids of the notes, in their order.
function Body:notes()
  local found = {}
  for _, id in ipairs(NOTES) do
    found[#found + 1] = self.noted[id] and id or nil
  end
  return found
end

function Body:rest()
  return self.stop - self.at
end

-- An item anywhere in the message; gives it, so that the caller can add to it.
function Body:add(field, value, at, size)
  local item = { field = field, value = value, at = at, size = size }
  self.items[#self.items + 1] = item
  return item
end

-- The next integer of 1, 2 or 4 bytes, or nil and the note that the message is too short.
function Body:unsigned(field, size)
  if self:rest() < size then
    self:note("truncated")
    self.at = self.stop
    return nil
  end
  local value = bytes.unsigned[size](self.data, self.at)
  self:add(field, value, self.at, size)
  self.at = self.at + size
  return value
end

function Body:u32(field)
  return self:unsigned(field, 4)
end

-- UTF-16LE text up to its NUL, or to the end; what follows the NUL is left. `missing_terminator`: the note for text
-- without a NUL; nil where it needs none.
function Body:text(field, missing_terminator)
  local from = self.at
  local text, behind, terminated = bytes.utf16(self.data, from, self.stop)
  self.at = terminated and behind or self.stop
  if not terminated and missing_terminator then
    self:note(missing_terminator)
  end
  if self.at > behind then
    self:note("odd_length")
  end
  local item = self:add(field, text, from, self.at - from)
  item.text_stop = terminated and behind - 2 or behind
  return item
end

-- All bytes that are left.
function Body:bytes(field)
  local item = self:add(field, true, self.at, self:rest())
  self.at = self.stop
  return item
end

-- What follows the last field.
function Body:finish()
  if self:rest() > 0 then
    self:note("trailing_data")
    self:bytes("data")
  end
end

-- A BSTR ([MS-DTYP] 2.2.5) fills the message: count u32 and as many bytes, then perhaps a NUL if it is text. Real peers
-- also send the bytes alone ([MS-RA] 2.2.1.12 as FreeRDP has it). Moves behind the count if there is one.
function Body:skip_bstr_count(is_text)
  local following = self:rest() - 4
  local count = following >= 0 and bytes.u32(self.data, self.at)
  local nul = is_text and following >= 2 and self.data:sub(self.stop - 1, self.stop) == "\0\0"
  if count and (count == following or (nul and count == following - 2)) then
    self:note("bstr_counted")
    self:add("bstr_count", count, self.at, 4)
    self.at = self.at + 4
  else
    self:note("bstr_raw")
  end
end

return Body
