-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Virtual channels: static ones in chunks ([MS-RDPBCGR] 2.2.6.1), dynamic ones inside drdynvc ([MS-RDPEDYC] 2.2).
--
--     static chunk    length u32 | flags u32 | data         length: the whole message, before it was cut into chunks
--     dynamic PDU     header 1 | ChannelId 1, 2 or 4 | ...  header: Cmd in bits 4-7, Sp in bits 2-3, cbId in bits 0-1
--         1 Create request    name, NUL terminated                    (response: CreationStatus u32)
--         2 Data First        Length 1, 2 or 4 (by Sp) | data         Length: the whole message
--         3 Data              data
--         4 Close
--         6, 7                Data First and Data, compressed

local bytes = require("msra_bytes")

local M = {}

local CHUNK_HEADER = 8
local FIRST, LAST, COMPRESSED = 0, 1, 21 -- bit numbers of [MS-RDPBCGR] 2.2.6.1.1
local UNUSED_FLAGS = { 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 24, 25, 26, 27, 28, 29, 30, 31 }

-- A Remote Assistance message is far smaller; a sender that never ends one must not fill the memory. A preference.
M.MAX_MESSAGE = 16 * 1024 * 1024

M.CREATE, M.DATA_FIRST, M.DATA, M.CLOSE, M.DATA_FIRST_COMPRESSED, M.DATA_COMPRESSED = 1, 2, 3, 4, 6, 7

local WIDTHS = { [0] = 1, [1] = 2, [2] = 4 } -- of cbId and Sp, [MS-RDPEDYC] 2.2.1

-- The channel PDU in packet[from, to), or nil if its header is cut.
function M.chunk(packet, from, to)
  if from + CHUNK_HEADER > to then
    return nil
  end
  local flags = bytes.u32(packet, from + 4)
  return {
    length = bytes.u32(packet, from),
    flags = flags,
    first = bytes.has_bit(flags, FIRST),
    last = bytes.has_bit(flags, LAST),
    compressed = bytes.has_bit(flags, COMPRESSED),
    from = from + CHUNK_HEADER,
    to = to,
  }
end

-- Whether this looks like a channel PDU: asked when it is not known what the MCS channel carries.
function M.is_plausible(chunk)
  for _, bit in ipairs(UNUSED_FLAGS) do
    if bytes.has_bit(chunk.flags, bit) then
      return false
    end
  end
  return chunk.to - chunk.from <= chunk.length and chunk.length <= M.MAX_MESSAGE
end

-- The drdynvc PDU in data[from, to), or nil if it is cut; `length` is there in Data First only.
function M.dynamic(data, from, to)
  local header = bytes.u8(data, from)
  local width = header and from < to and WIDTHS[header % 4]
  if not width or from + 1 + width > to then
    return nil
  end
  local pdu = { command = math.floor(header / 16), channel = bytes.unsigned[width](data, from + 1), to = to }
  pdu.from = from + 1 + width
  if pdu.command == M.DATA_FIRST or pdu.command == M.DATA_FIRST_COMPRESSED then
    local size = WIDTHS[math.floor(header / 4) % 4]
    if not size or pdu.from + size > to then
      return nil
    end
    pdu.length = bytes.unsigned[size](data, pdu.from)
    pdu.from = pdu.from + size
  end
  return pdu
end

-- The unfinished message of one channel and direction.
local Reassembly = {}
Reassembly.__index = Reassembly

function M.reassembly()
  return setmetatable({ parts = nil, size = 0, missing = 0 }, Reassembly)
end

-- Forget the unfinished message; gives its size so far.
function Reassembly:drop()
  local size = self.size
  self.parts, self.size, self.missing = nil, 0, 0
  return size
end

-- Add data[from, to). Gives where the whole message is, if this completes one, and how many bytes were thrown away.
-- The message: data, from, to, and `chunks`, how many it was made of; if that is 1 it still is where it was.
function Reassembly:add(data, from, to, first, last)
  local lost = first and self:drop() or 0
  if first and last then
    return { data = data, from = from, to = to, chunks = 1 }, lost
  elseif first then
    self.parts = {}
  elseif not self.parts then
    return nil, to - from
  end
  self.parts[#self.parts + 1] = data:sub(from + 1, to)
  self.size = self.size + to - from
  if self.size > M.MAX_MESSAGE then
    return nil, lost + self:drop()
  elseif not last then
    return nil, lost
  end
  local whole, chunks = table.concat(self.parts), #self.parts
  self:drop()
  return { data = whole, from = 0, to = #whole, chunks = chunks }, lost
end

-- Add a dynamic PDU: Data First starts a message of `length` bytes, Data alone is whole or goes on.
function Reassembly:add_dynamic(data, pdu)
  local size = pdu.to - pdu.from
  local first = pdu.length ~= nil or self.missing == 0
  local missing = math.max((pdu.length or (first and size or self.missing)) - size, 0)
  local message, lost = self:add(data, pdu.from, pdu.to, first, missing == 0)
  self.missing = self.parts and missing or 0
  return message, lost
end

return M
