-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- MCS (T.125): the PDUs that carry GCC conference data and channel data ([MS-RDPBCGR] 2.2.1.3 to 2.2.1.9, 2.2.6.1).
--
--     Connect PDUs are BER       7F 65 ... "Duca" | PER length | blocks       Connect-Initial
--                                7F 66 ... "McDn" | PER length | blocks       Connect-Response
--     block ([MS-RDPBCGR] 2.2.1.3.1)    type u16 | length u16, header included | data
--     Domain PDUs are aligned PER, the choice in the upper six bits of the first byte
--         SendData               64 or 68 | initiator 2 | channel 2 | priority 1 | PER length | data
--         Disconnect ultimatum   21 80        reason: the last two bits of byte 0 and the first of byte 1

local bytes = require("msra_bytes")

local M = {}

M.DISCONNECT_PROVIDER_ULTIMATUM, M.SEND_DATA_REQUEST, M.SEND_DATA_INDICATION = 8, 25, 26

M.CS_NET, M.SC_SECURITY, M.SC_NET, M.SC_MCS_MSGCHANNEL = 0xC003, 0x0C02, 0x0C03, 0x0C04

local MAX_CHANNELS = 31 -- [MS-RDPBCGR] 2.2.1.3.4
local BLOCK_HEADER, CHANNEL_DEF, NAME = 4, 12, 8
local H221_KEYS = { [0x65] = "Duca", [0x66] = "McDn" } -- T.124 8.7; [MS-RDPBCGR] 2.2.1.3, 2.2.1.4

-- The choice of a domain PDU (T.125 7, DomainMCSPDU), or nil for a Connect PDU. `at`: where the PDU starts.
function M.domain_choice(packet, at)
  local first, second = bytes.u8(packet, at), bytes.u8(packet, at + 1)
  if not first or (first == 0x7F and H221_KEYS[second]) then
    return nil
  end
  return math.floor(first / 4)
end

local ROLES = { [0x64] = "expert", [0x68] = "novice" }
local CONNECT_ROLES = { [0x65] = "expert", [0x66] = "novice" }

-- Who sent a PDU that can be nothing but one of RDP: the expert is the RDP client. nil if it may be anything.
function M.sender(pdu)
  local first, second = pdu:byte(1, 2)
  if first == 0x7F then
    return CONNECT_ROLES[second]
  end
  local length, data = bytes.per_length(pdu, 6)
  return pdu:byte(6) == 0x70 and length and data + length == #pdu and ROLES[first] or nil
end

-- The reason of a Disconnect Provider Ultimatum (T.125 11.15, 7 Reason), 0 to 4.
function M.disconnect_reason(packet, at)
  local second = bytes.u8(packet, at + 1) or 0
  return bytes.u8(packet, at) % 4 * 2 + math.floor(second / 0x80)
end

-- A SendData PDU: the channel's id, and where its data starts and ends; nil if the length does not fit.
function M.send_data(packet, at)
  local length, data = bytes.per_length(packet, at + 6)
  if not length or data + length > #packet then
    return nil
  end
  return bytes.u16_be(packet, at + 3), data, data + length
end

-- Calls handlers[type](data) for each settings block of a Connect PDU, in their order; ends at one that does not fit.
function M.each_block(packet, at, handlers)
  local key = H221_KEYS[bytes.u8(packet, at + 1)]
  local found = key and select(2, packet:find(key, at + 1, true))
  if not found then
    return
  end
  local length, block = bytes.per_length(packet, found)
  local stop = math.min(#packet, length and block + length or #packet)
  while block + BLOCK_HEADER <= stop do
    local kind, size = bytes.u16(packet, block), bytes.u16(packet, block + 2)
    if size < BLOCK_HEADER or block + size > stop then
      return
    end
    if handlers[kind] then
      handlers[kind](packet:sub(block + BLOCK_HEADER + 1, block + size))
    end
    block = block + size
  end
end

-- CS_NET ([MS-RDPBCGR] 2.2.1.3.4): channelCount u32, then for each channel name[8] (ASCII, NUL padded), options u32.
function M.channel_names(block)
  local names = {}
  local count = math.min(bytes.u32(block, 0) or 0, MAX_CHANNELS, math.floor((#block - 4) / CHANNEL_DEF))
  for index = 1, count do
    local at = 4 + (index - 1) * CHANNEL_DEF
    names[index] = bytes.latin1(block:sub(at + 1, at + NAME):match("^[^\0]*"))
  end
  return names
end

-- SC_NET ([MS-RDPBCGR] 2.2.1.4.4): MCSChannelId u16 (the I/O channel), channelCount u16, ids u16.
function M.channel_ids(block)
  local ids = {}
  local count = math.min(bytes.u16(block, 2) or 0, MAX_CHANNELS, math.floor((#block - 4) / 2))
  for index = 1, count do
    ids[index] = bytes.u16(block, 2 + index * 2)
  end
  return ids, bytes.u16(block, 0)
end

-- SC_SECURITY ([MS-RDPBCGR] 2.2.1.4.3): encryptionMethod u32, encryptionLevel u32; nil if it is cut.
function M.security(block)
  local level = bytes.u32(block, 4)
  return level and bytes.u32(block, 0), level
end

return M
