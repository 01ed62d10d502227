-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Tables about the whole capture: `tshark -q -z msra,sessions`, `msra,results` and `msra,ladder`, and in Wireshark
-- windows of text in the menu Tools, Remote Assistance.

-- luacheck: read globals Listener MENU_TOOLS_UNSORTED TextWindow copy_to_clipboard gui_enabled register_menu
-- luacheck: read globals register_stat_cmd_arg

local ladder = require("msra_ladder")

local M = {}

local LINE = string.rep("=", 100)

local function result_text(value, code)
  return code and string.format("%s (%d)", code.name, value) or "-"
end

local function address(an_end)
  local ip = tostring(an_end[1])
  return string.format(ip:find(":", 1, true) and "[%s]:%d" or "%s:%d", ip, an_end[2])
end

-- The connections with Remote Assistance messages: a row for each.
function M.sessions(state)
  local lines = { LINE, "Remote Assistance sessions", LINE }
  local row = "%-7s %-7s %-28s %-28s %-7s %-8s %s"
  lines[#lines + 1] = row:format("Session", "Frame", "Expert", "Novice", "Version", "Messages", "Final result")
  for _, entry in ipairs(state:all()) do
    local session = entry.connection.session
    local final = session.results[#session.results]
    if session.messages > 0 then
      lines[#lines + 1] = row:format(
        session.number, session.first_frame, address(entry.client), address(entry.server),
        session.version or "?", session.messages, final and result_text(final.value, final.code) or "-"
      )
    end
  end
  lines[#lines + 1] = LINE
  return table.concat(lines, "\n") .. "\n"
end

-- Every RESULT: a row for each, with what it means.
function M.results(state)
  local lines = { LINE, "Remote Assistance results", LINE }
  local row = "%-7s %-7s %-7s %s"
  lines[#lines + 1] = row:format("Session", "Frame", "From", "Result")
  for _, entry in ipairs(state:all()) do
    for _, result in ipairs(entry.connection.session.results) do
      local text = result_text(result.value, result.code) .. ": " .. result.code.text
      lines[#lines + 1] = row:format(entry.connection.session.number, result.frame, result.from, text)
    end
  end
  lines[#lines + 1] = LINE
  return table.concat(lines, "\n") .. "\n"
end

-- Every message: who said what to whom.
function M.ladder(state)
  local lines = { LINE, "Remote Assistance ladder", LINE, ladder.of(state:all(), address) .. LINE }
  return table.concat(lines, "\n") .. "\n"
end

-- The tables by the name behind "msra,"; and the title of the window.
local TABLES = {
  sessions = { M.sessions, "Sessions" }, results = { M.results, "Results" }, ladder = { M.ladder, "Ladder" },
}

-- A listener makes tshark dissect every frame although nothing is printed; what it needs is in the state by then.
local function register_command(name, write)
  register_stat_cmd_arg("msra," .. name, function()
    local tap = Listener.new("frame")
    function tap.packet()
    end
    function tap.draw()
      io.stdout:write(write())
    end
  end)
end

-- While the window is open, Wireshark draws it again as packets arrive.
local function register_window(title, write)
  register_menu("Remote Assistance/" .. title, function()
    local window, tap = TextWindow.new("Remote Assistance: " .. title), Listener.new("frame")
    window:set_atclose(function()
      tap:remove()
    end)
    local function redraw()
      window:set(write())
    end
    tap.draw, tap.reset = redraw, redraw -- as packets arrive, and when another capture is opened
    window:add_button("Copy", function()
      copy_to_clipboard(write())
    end)
    redraw()
  end, MENU_TOOLS_UNSORTED)
end

function M.register(state)
  for name, entry in pairs(TABLES) do
    local function write()
      return entry[1](state)
    end
    register_command(name, write)
    if gui_enabled() then
      register_window(entry[2], write)
    end
  end
end

return M
