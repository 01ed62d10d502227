-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- What the messages of one connection say together: the protocol version, which RESULT answers which message, and how
-- it ended. Made on the first pass; what a message says about later ones is there from the second pass on.

local M = {}

-- [MS-RA] 3: how both sides determine the version, by type and sender. The first of these decides.
local VERSIONS = {
  ["REMOTEDESKTOP_CTL_TOKEN expert"] = 3,
  ["REMOTEDESKTOP_CTL_TOKEN novice"] = 3,
  ["REMOTEDESKTOP_EXPERT_ON_VISTA expert"] = 2,
  ["REMOTEDESKTOP_CTL_VERSIONINFO expert"] = 1,
  ["REMOTEDESKTOP_CTL_AUTHENTICATE expert"] = 1,
}

-- [MS-RA] 2.2.1.11, 2.2.1.9: messages of one version only, for captures without those above.
local WEAK_VERSIONS = {
  ["REMOTEDESKTOP_CTL_VERIFY_PASSWORD expert"] = 2,
  ["REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP expert"] = 1,
}

-- What a RESULT of the other side answers ([MS-RA] 2.2.1.6, 3.4.5, 3.6.5).
local REQUESTS = {
  REMOTEDESKTOP_CTL_AUTHENTICATE = true,
  REMOTEDESKTOP_CTL_VERIFY_PASSWORD = true,
  REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP = true,
}

local OTHER = { expert = "novice", novice = "expert" }
local MOST_REQUESTS = 16 -- that wait for a RESULT; real ones are two
local MOST_RESULTS = 1000 -- that the statistics list
local MOST_EVENTS = 5000 -- that the ladder shows

local Session = {}
Session.__index = Session

function M.new()
  return setmetatable({
    number = nil, -- counts the sessions of the capture; given with the first message
    messages = 0,
    events = {}, -- the first ones
    version = nil,
    is_sure = false, -- of the version: it never changes then
    results = {}, -- in their order: { frame, from, value, code }
    waiting = { expert = {}, novice = {} }, -- requests by sender, the oldest first
  }, Session)
end

local function answer(self, event)
  local request = table.remove(self.waiting[OTHER[event.from]], 1)
  if request then
    event.request, request.response = request, event
  end
end

-- The version of the connection contradicts the versions of a code: "1", "2" or "1, 2".
local function is_of_other_version(self, code)
  return code.known and (self.version == 1 or self.version == 2) and code.versions ~= ""
    and not code.versions:find(self.version, 1, true)
end

local function learn_version(self, key)
  if not self.is_sure then
    self.is_sure = VERSIONS[key] ~= nil
    self.version = VERSIONS[key] or self.version or WEAK_VERSIONS[key]
  end
end

-- Take the next message of the connection. `event`: from, message; it gets frame and time (in seconds), and
--     version       the protocol version, once it is known
--     request       of a RESULT: the event that it answers
--     response      of a request: its RESULT
function Session:add(event, frame, time)
  local message = event.message
  event.frame, event.time = frame, time
  self.messages = self.messages + 1
  self.first_frame = self.first_frame or frame
  if self.messages <= MOST_EVENTS then
    self.events[self.messages] = event
  end
  learn_version(self, message.type .. " " .. event.from)
  event.version = self.version
  if message.code then
    answer(self, event)
    message.is_of_other_version = is_of_other_version(self, message.code)
    self.final_result = message.result
    if #self.results < MOST_RESULTS then
      self.results[#self.results + 1] = {
        frame = frame, from = event.from, value = message.result, code = message.code,
      }
    end
  elseif REQUESTS[message.type] and #self.waiting[event.from] < MOST_REQUESTS then
    table.insert(self.waiting[event.from], event)
  end
end

return M
