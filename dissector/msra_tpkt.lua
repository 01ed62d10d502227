-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The outermost framing of an RDP stream: TPKT packets (RFC 1006 6), fast-path PDUs and, after the negotiation, TLS
-- records; and X.224 inside TPKT.
--
--     TPKT        03 00 | length 2, big-endian                  header included
--     fast path   b0 | length 1-2                               b0 & 3 == 0; [MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2; two
--                                                               bytes if the top bit is set; header included
--     TLS record  type 20-24 | 03 0x | length 2, big-endian     RFC 8446 5.1; header not included

local bytes = require("msra_bytes")

local M = {}

local byte = string.byte

M.HEAD = 15 -- the first bytes of a PDU that the functions here need to see at most

M.CONNECTION_REQUEST, M.CONNECTION_CONFIRM, M.DATA = 0xE0, 0xD0, 0xF0
M.SEND_DATA_REQUEST, M.SEND_DATA_INDICATION = 0x64, 0x68

local TPKT_HEADER, TLS_HEADER, MAX_TLS_FRAGMENT = 4, 5, 0x4800

-- Each of the three: the length of the PDU whose first bytes are `head`, 0 if this is none, nil if `head` is too short.

local function tpkt_length(head)
  local version, reserved, high, low = byte(head, 1, 4)
  if version ~= 3 or (reserved and reserved ~= 0) then
    return 0
  elseif not low then
    return nil
  end
  local length = high * 0x100 + low
  return length >= 7 and length or 0
end

-- Whether the first update of a server's fast-path PDU fits into it ([MS-RDPBCGR] 2.2.9.1.2.1). After lost bytes this
-- tells a PDU from the middle of a picture.
--
--     updateHeader 1 | [ compressionFlags 1, if the upper bits of updateHeader are 2 ] | size u16 | data
local function has_update(head, at, length)
  local update = byte(head, at + 1)
  local size_at = at + 1 + (update and update >= 0x80 and update < 0xC0 and 1 or 0)
  local size = bytes.u16(head, size_at)
  return not size or size_at + 2 + size <= length
end

local function fast_path_length(head, from)
  local first, high, low = byte(head, 1, 3)
  if first % (from == "novice" and 0x40 or 4) ~= 0 then -- only input counts its events in bits 2 to 5
    return 0
  elseif not high or (high >= 0x80 and not low) then
    return nil
  end
  local length, at = high, 2
  if high >= 0x80 then
    length, at = (high - 0x80) * 0x100 + low, 3
  end
  local is_pdu = length > at and (first ~= 0 or from ~= "novice" or has_update(head, at, length))
  return is_pdu and length or 0
end

local function tls_length(head)
  local kind, major, minor, high, low = byte(head, 1, 5)
  if kind < 20 or kind > 24 or (major and major ~= 3) or (minor and minor > 4) then
    return 0
  elseif not low then
    return nil
  end
  local length = high * 0x100 + low
  return length <= MAX_TLS_FRAGMENT and TLS_HEADER + length or 0
end

-- CredSSP ([MS-CSSP] 2.2.1) inside TLS: one DER SEQUENCE, which starts like a fast-path PDU.
local function credssp_length(head)
  local tag, first = byte(head, 1, 2)
  if tag ~= 0x30 then
    return 0
  elseif not first then
    return nil
  elseif first < 0x80 then
    return 2 + first
  end
  local size, length = first - 0x80, 0
  if size == 0 or size > 3 then
    return 0
  end
  for index = 3, 2 + size do
    local digit = byte(head, index)
    if not digit then
      return nil
    end
    length = length * 0x100 + digit
  end
  return 2 + size + length
end

-- After CredSSP the server may send the Early User Authorization Result, four bytes ([MS-RDPBCGR] 2.2.10.2): nothing
-- else fits where a PDU has to start.
local function early_result_length(head)
  local first, second, third, fourth = byte(head, 1, 4)
  if (first ~= 0 and first ~= 5) or (second and second ~= 0) or (third and third ~= 0) then
    return 0
  elseif not fourth then
    return nil
  end
  return fourth == 0 and 4 or 0
end

local LENGTHS = {
  { "tpkt", tpkt_length },
  { "tls", tls_length },
  { "credssp", credssp_length },
  { "early_result", early_result_length },
  { "fast_path", fast_path_length },
}

-- What may start here, by the layer that is open: TCP, TCP after the first TLS record, and inside TLS before and after
-- the first TPKT packet.
M.ALLOWED = {
  clear = { tpkt = true, tls = true, fast_path = true },
  tls = { tls = true },
  opening = { tpkt = true, credssp = true, early_result = true },
  decrypted = { tpkt = true, fast_path = true },
}

-- The kind and length of the PDU from `from` that starts with `head`; kind nil if it is none, length nil if `head` is
-- too short.
function M.recognise(head, allowed, from)
  for _, entry in ipairs(LENGTHS) do
    if allowed[entry[1]] then
      local length = entry[2](head, from)
      if length ~= 0 then
        return entry[1], length
      end
    end
  end
  return nil, nil
end

-- Whether a TPKT packet with an MCS SendData PDU starts here: strict enough to find one in any stream
-- ([MS-RDPBCGR] 2.2.6.1, T.125 11.32). Gives the MCS choice, 64 (client) or 68 (server), or nil.
--
--     03 00 LL LL | 02 F0 80 | 64 or 68 | initiator 2 | channel 2 | 70 | PER length 1-2 | data
--     0           | 4        | 7        | 8           | 10        | 12 | 13
function M.send_data(head)
  if #head < M.HEAD or head:sub(1, 2) ~= "\3\0" or head:sub(5, 7) ~= "\2\240\128" or byte(head, 13) ~= 0x70 then
    return nil
  end
  local choice = byte(head, 8)
  local length, data = bytes.per_length(head, 13)
  local fits = length and bytes.u16_be(head, 2) == data + length
  return fits and (choice == M.SEND_DATA_REQUEST or choice == M.SEND_DATA_INDICATION) and choice or nil
end

-- Whether a TPKT packet with an X.224 connection request or confirm starts here: its code, or nil.
--
--     03 00 LL LL | LI >= 6 | E0 or D0 | dst-ref ...        LL LL >= LI + 5
function M.connect(head)
  local code, indicator = byte(head, 6), byte(head, 5)
  if (code ~= M.CONNECTION_REQUEST and code ~= M.CONNECTION_CONFIRM) or head:sub(1, 2) ~= "\3\0" then
    return nil
  end
  return indicator >= 6 and bytes.u16_be(head, 2) >= indicator + 5 and code or nil
end

-- Whether a connection request or confirm may still come of these few bytes.
function M.may_become_connect(head)
  local version, reserved, high, low, indicator = byte(head, 1, 5)
  if #head > 5 or version ~= 3 or (reserved and reserved ~= 0) or (high and high > 3) then
    return false
  end
  return not indicator or (indicator >= 6 and high * 0x100 + low >= indicator + 5)
end

-- The code of the X.224 TPDU in a TPKT packet (upper four bits of its second byte), and where its data starts.
function M.x224(packet)
  local indicator, code = byte(packet, TPKT_HEADER + 1, TPKT_HEADER + 2)
  return code and code - code % 16, code and TPKT_HEADER + 1 + indicator
end

local COOKIE = "^Cookie: mstshash=(.*)$"
local NEGOTIATION_TYPES = { "requested_protocols", "selected_protocol", "failure_code" }

-- The variable part of a connection request or confirm ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2).
--
--     LI | code | dst-ref 2 | src-ref 2 | class | [ cookie or routing token CR LF ] | [ negotiation ]
--     negotiation: type 1 | flags 1 | length 2 = 8 | value 4        01 request: protocols; 02 response; 03 failure
--
-- Gives the cookie (or nil), the name of the value (or nil), and the value.
function M.negotiation(packet)
  local indicator = byte(packet, TPKT_HEADER + 1)
  local variable = packet:sub(TPKT_HEADER + 8, TPKT_HEADER + 1 + indicator)
  local line, rest = variable:match("^(.-)\r\n(.*)$")
  local cookie = line and line:match(COOKIE)
  cookie = cookie and bytes.latin1(cookie)
  local negotiation = line and rest or variable
  local name = NEGOTIATION_TYPES[byte(negotiation, 1)]
  if not name or #negotiation < 8 or bytes.u16(negotiation, 2) ~= 8 then
    return cookie, nil, nil
  end
  return cookie, name, bytes.u32(negotiation, 4)
end

return M
