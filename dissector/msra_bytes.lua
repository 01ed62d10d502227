-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Reading integers, lengths and text from a string of bytes.
--
-- Offsets count from 0, as on the wire; ranges are [from, to). The readers of integers give nil where the bytes end.

local M = {}

local byte, char, concat, floor = string.byte, string.char, table.concat, math.floor

function M.u8(data, at)
  return byte(data, at + 1)
end

function M.u16(data, at)
  local a, b = byte(data, at + 1, at + 2)
  return b and a + b * 0x100
end

function M.u16_be(data, at)
  local a, b = byte(data, at + 1, at + 2)
  return b and a * 0x100 + b
end

function M.u32(data, at)
  local a, b, c, d = byte(data, at + 1, at + 4)
  return d and a + b * 0x100 + c * 0x10000 + d * 0x1000000
end

-- The readers by the number of bytes they take, little-endian.
M.unsigned = { [1] = M.u8, [2] = M.u16, [4] = M.u32 }

-- Bit number `bit` (0 is the lowest) of an unsigned integer.
function M.has_bit(value, bit)
  return floor(value / 2 ^ bit) % 2 == 1
end

-- PER length (X.691 10.9): one byte below 128, else two with the top bit set. Gives the length and what is behind it.
-- Real peers use all fifteen bits of the long form, not fourteen as X.691 has it.
function M.per_length(data, at)
  local first, second = byte(data, at + 1, at + 2)
  if not first then
    return nil, at
  elseif first < 0x80 then
    return first, at + 1
  end
  return second and (first - 0x80) * 0x100 + second, at + 2
end

-- One Unicode character in UTF-8.
function M.utf8(code)
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(0xC0 + floor(code / 0x40), 0x80 + code % 0x40)
  elseif code < 0x10000 then
    return char(0xE0 + floor(code / 0x1000), 0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return char(0xF0 + floor(code / 0x40000), 0x80 + floor(code / 0x1000) % 0x40,
    0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

-- ASCII with whatever stands in the upper half (ISO 8859-1), as UTF-8.
function M.latin1(text)
  return (text:gsub("[\128-\255]", function(upper)
    return M.utf8(byte(upper))
  end))
end

local REPLACEMENT = M.utf8(0xFFFD)

local function is_surrogate(unit, first)
  return unit and unit >= first and unit < first + 0x400
end

-- UTF-16LE up to the first NUL code unit, as UTF-8; each unit that cannot be decoded becomes U+FFFD, so that the units
-- can be counted from the result. Gives the text, the offset behind the terminator, and whether there was one; without
-- one the offset is behind the last whole unit.
function M.utf16(data, from, to)
  local last, out, count, at = to - (to - from) % 2, {}, 0, from
  while at < last do
    local unit = M.u16(data, at)
    at = at + 2
    if unit == 0 then
      return concat(out), at, true
    end
    local low = is_surrogate(unit, 0xD800) and at < last and M.u16(data, at)
    count = count + 1
    if is_surrogate(low, 0xDC00) then
      out[count] = M.utf8(0x10000 + (unit - 0xD800) * 0x400 + low - 0xDC00)
      at = at + 2
    else
      out[count] = unit >= 0xD800 and unit < 0xE000 and REPLACEMENT or M.utf8(unit)
    end
  end
  return concat(out), at, false
end

-- How many UTF-16 code units the UTF-8 text up to `stop` (not included) stands for: each character is one, those of
-- four bytes are two.
function M.units(text, stop)
  local before = text:sub(1, stop)
  local _, continuations = before:gsub("[\128-\191]", "")
  local _, pairs_of_units = before:gsub("[\240-\247]", "")
  return #before - continuations + pairs_of_units
end

-- ASCII text as UTF-16LE.
function M.to_utf16(text)
  return (text:gsub(".", "%0\0"))
end

return M
