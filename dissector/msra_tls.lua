-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- What can be told of TLS without keys (RFC 8446 5.1, RFC 5246 6.2), and which records could not be decrypted.
--
--     record      type 1 | version 2 | length 2, big-endian | fragment       22 = handshake, 23 = application data
--     handshake   type 1 | length 3 | body                                   2 = ServerHello
--     ServerHello version 2 | random 32 | session id 1 + n | cipher suite 2 | compression 1 | extensions 2 + n

local bytes = require("msra_bytes")

local M = {}

-- RFC 8446 5.2: an alert in a record is 2 bytes, the byte of its type and the 16 bytes of the tag. RDP has no PDU so
-- short.
local MAX_ALERT = 19

local HEADER, HANDSHAKE_HEADER, HANDSHAKE, APPLICATION_DATA, SERVER_HELLO = 5, 4, 22, 23, 2
local SUPPORTED_VERSIONS = 43 -- RFC 8446 4.2.1
local VERSIONS = {
  [0x0300] = "ssl3.0", [0x0301] = "tls1.0", [0x0302] = "tls1.1", [0x0303] = "tls1.2", [0x0304] = "tls1.3",
}

local function selected_version(record, hello)
  local extensions = hello + 34 + 1 + (bytes.u8(record, hello + 34) or 0) + 3
  local at = extensions + 2
  while at + 6 <= #record do
    local kind, size = bytes.u16_be(record, at), bytes.u16_be(record, at + 2)
    if kind == SUPPORTED_VERSIONS and size == 2 then
      return bytes.u16_be(record, at + 4)
    end
    at = at + 4 + size
  end
  return bytes.u16_be(record, hello)
end

-- The protocol version that the ServerHello in a record selects ("tls1.2"), or nil if none is there.
function M.server_hello_version(record)
  if bytes.u8(record, 0) ~= HANDSHAKE or bytes.u8(record, HEADER) ~= SERVER_HELLO or #record < HEADER + 40 then
    return nil
  end
  local version = selected_version(record, HEADER + HANDSHAKE_HEADER)
  return VERSIONS[version] or string.format("0x%04x", version)
end

-- Follows the records of one connection. A record whose content Wireshark could decrypt comes back through the
-- heuristic for TLS: the caller says so with `delivered`.
local Records = {}
Records.__index = Records

function M.records()
  return setmetatable({
    version = nil, -- set by the caller from the ServerHello
    seen = { expert = 0, novice = 0 }, -- records of type application data
    readable = {}, -- [sender] = true once data came back
    collecting = {}, -- [sender] = true while the decrypted PDU needs more records: these come back later
  }, Records)
end

-- Whether a record of application data belongs to TLS 1.3 itself, which hides what it says in such records
-- (RFC 8446 5.2): the server's before the client's second one, the client's first one (Finished), the server's session
-- tickets before its first data, and the alert that closes.
function Records:is_control(sender, size)
  if self.version ~= "tls1.3" then
    return false
  elseif self.readable[sender] then
    return size <= MAX_ALERT
  elseif sender == "expert" then
    return self.seen.expert == 1
  end
  return self.seen.expert < 2 or self.readable.expert
end

-- Whether a record, whose fragment has `size` bytes, is application data that could not be decrypted.
function Records:is_unreadable(sender, kind, size, delivered)
  if kind ~= APPLICATION_DATA then
    return false
  end
  self.seen[sender] = self.seen[sender] + 1
  self.readable[sender] = self.readable[sender] or delivered
  return not (delivered or self.collecting[sender] or self:is_control(sender, size))
end

return M
