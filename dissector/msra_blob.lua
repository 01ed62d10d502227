-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The expert blob ([MS-RA] 2.2.1): repeated <count>;<NAME>=<value>, where count is the number of UTF-16 code units
-- after the semicolon.
--
--     9;NAME=John69;PASS=D4B4...

local bytes = require("msra_bytes")

local M = {}

local SEMICOLON, EQUALS, ZERO, NINE = 0x3B, 0x3D, 0x30, 0x39
local MOST_PROPERTIES = 256 -- there are two of them

-- The count at `at`, at most `limit`, and where its property begins; nil if there is none.
local function read_count(data, at, to, limit)
  local count, from, unit = 0, at, nil
  while at < to do
    unit = bytes.u16(data, at)
    if unit < ZERO or unit > NINE then
      break
    end
    count = count * 10 + unit - ZERO
    if count > limit then
      return nil
    end
    at = at + 2
  end
  if unit == SEMICOLON and at > from and at < to then
    return count, at + 2
  end
  return nil
end

local function find_equals(data, from, to)
  for at = from, to - 2, 2 do
    if bytes.u16(data, at) == EQUALS then
      return at
    end
  end
  return nil
end

-- The properties in data[from, to), each { name, value, at, size } with the place of NAME=value; nil if this is no blob
-- as a whole.
function M.properties(data, from, to)
  local found, at = {}, from
  while at < to and #found < MOST_PROPERTIES do
    local count, property = read_count(data, at, to, (to - from) / 2)
    local stop = count and property + 2 * count
    local equals = stop and stop <= to and find_equals(data, property, stop)
    if not equals or equals == property then
      return nil
    end
    found[#found + 1] = {
      name = bytes.utf16(data, property, equals), value = bytes.utf16(data, equals + 2, stop),
      at = property, size = stop - property,
    }
    at = stop
  end
  return #found > 0 and at == to and found or nil
end

return M
