-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The dynamic channels of one connection ([MS-RDPEDYC] 2.2, 3.1): Remote Assistance may use one named RC_CTL instead of
-- the static channel remdesk. Other dynamic channels are not followed.

local channels = require("msra_channels")
local message = require("msra_message")

local Dynamic = {}
Dynamic.__index = Dynamic

local RC_CTL, MAX_CHANNELS = "RC_CTL", 4096

function Dynamic.new()
  return setmetatable({ is_open = {}, count = 0, reassemblies = { expert = {}, novice = {} } }, Dynamic)
end

-- The unfinished messages of one side; gives how many bytes they had.
function Dynamic:drop(from)
  local dropped = 0
  for _, reassembly in pairs(self.reassemblies[from]) do
    dropped = dropped + reassembly:drop()
  end
  return dropped
end

function Dynamic:open(channel)
  if not self.is_open[channel] and self.count < MAX_CHANNELS then
    self.is_open[channel] = true
    self.count = self.count + 1
  end
end

function Dynamic:close(channel)
  if self.is_open[channel] then
    self.is_open[channel] = nil
    self.count = self.count - 1
    self.reassemblies.expert[channel], self.reassemblies.novice[channel] = nil, nil
  end
end

local HANDLERS = {}

-- Only the server creates channels; the client's PDU of this number is the answer.
HANDLERS[channels.CREATE] = function(self, from, pdu, data)
  if from == "novice" then
    self:close(pdu.channel)
    if data:sub(pdu.from + 1, pdu.to):match("^[^\0]*") == RC_CTL then
      self:open(pdu.channel)
    end
  end
end

HANDLERS[channels.CLOSE] = function(self, _, pdu)
  self:close(pdu.channel)
end

local function read_data(self, from, pdu, data, may_identify)
  if may_identify and not self.is_open[pdu.channel] and message.identify(data, pdu.from, pdu.to) then
    self:open(pdu.channel) -- the capture starts after its Create Request
  end
  if not self.is_open[pdu.channel] then
    return nil
  end
  local unfinished = self.reassemblies[from]
  unfinished[pdu.channel] = unfinished[pdu.channel] or channels.reassembly()
  local whole, lost = unfinished[pdu.channel]:add_dynamic(data, pdu)
  return whole, "incomplete_message", lost
end

HANDLERS[channels.DATA_FIRST], HANDLERS[channels.DATA] = read_data, read_data

local function read_compressed(self, _, pdu)
  if self.is_open[pdu.channel] then
    return nil, "compressed", pdu.to - pdu.from
  end
end

HANDLERS[channels.DATA_FIRST_COMPRESSED], HANDLERS[channels.DATA_COMPRESSED] = read_compressed, read_compressed

-- Read one message of the static channel drdynvc. Gives the Remote Assistance message that it completes, or nil, and
-- the kind and size of the gap, if there is one. `may_identify`: channels may be recognised by what they carry.
function Dynamic:read(from, whole, may_identify)
  local pdu = channels.dynamic(whole.data, whole.from, whole.to)
  local handler = pdu and HANDLERS[pdu.command]
  if handler then
    return handler(self, from, pdu, whole.data, may_identify)
  end
end

return Dynamic
