-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Sessions as ladders of text, for a ticket or a mail: the expert on the left, the novice on the right.
--
--       Time   Frame  Expert                                                Novice
--   1.251926      62    |<- REMOTEDESKTOP_CTL_VERSIONINFO 1.2 ----------------|
--   1.356001      70    |-- REMOTEDESKTOP_EXPERT_ON_VISTA ------------------->|

local summary = require("msra_summary")

local M = {}

local WIDTH = 96 -- of an arrow, in characters
local ENDS = { expert = { "|-- ", "->|" }, novice = { "|<- ", "--|" } }

local function characters(text)
  local _, continuations = text:gsub("[\128-\191]", "")
  return #text - continuations
end

local function arrow(from, text)
  local left, right = ENDS[from][1], ENDS[from][2]
  local rest = WIDTH - #left - #right - characters(text) - 1
  return left .. text .. " " .. string.rep("-", math.max(rest, 0)) .. right
end

-- The lines of one session. `entry`: { connection, client, server }; `address` writes one of its ends.
local function session_lines(entry, address)
  local session = entry.connection.session
  local title = "Session %d: expert %s, novice %s"
  local lines = {
    title:format(session.number, address(entry.client), address(entry.server)), "",
    string.format("%11s %7s  Expert%sNovice", "Time", "Frame", string.rep(" ", WIDTH - 8)),
  }
  for _, event in ipairs(session.events) do
    local text = arrow(event.from, summary.of(event.message))
    lines[#lines + 1] = string.format("%11.6f %7d    %s", event.time, event.frame, text)
  end
  if session.messages > #session.events then
    lines[#lines + 1] = string.format("%19s    and %d more messages", "", session.messages - #session.events)
  end
  lines[#lines + 1] = ""
  return lines
end

-- All sessions one after the other. `entries`: as State:all() gives them.
function M.of(entries, address)
  local lines = {}
  for _, entry in ipairs(entries) do
    if entry.connection.session.messages > 0 then
      lines[#lines + 1] = table.concat(session_lines(entry, address), "\n") .. "\n"
    end
  end
  return table.concat(lines, "\n")
end

return M
