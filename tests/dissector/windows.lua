-- Opens the windows of the menu Tools without Wireshark: `lua windows.lua FOLDER`. Standard output: for each window its
-- title, its text after a redraw, and whether its listener is gone after it was closed.

package.path = arg[1] .. "/?.lua;" .. package.path

local windows, menus = {}, {}

function _G.gui_enabled()
  return true
end

function _G.register_stat_cmd_arg()
end

function _G.register_menu(name, action)
  menus[#menus + 1] = { name = name, action = action }
end

-- As in Wireshark, what a listener was given can't be read again.
_G.Listener = {
  new = function()
    local given = {}
    windows[#windows].tap = given
    return setmetatable({
      remove = function()
        given.removed = true
      end,
    }, {
      __newindex = given,
      __index = function(_, name)
        error("No such '" .. name .. "' method/field for object type 'Listener'")
      end,
    })
  end,
}

_G.TextWindow = {
  new = function(title)
    local window = { title = title }
    function window.set(_, text)
      window.text = text
    end
    function window.add_button(_, label, action)
      window.buttons = { [label] = action }
    end
    function window.set_atclose(_, action)
      window.close = action
    end
    windows[#windows + 1] = window
    return window
  end,
}

local copied
function _G.copy_to_clipboard(text)
  copied = text
end

local entries = {}
require("msra_statistics").register({
  all = function()
    return entries
  end,
})
table.sort(menus, function(a, b)
  return a.name < b.name
end)
for _, menu in ipairs(menus) do
  entries = {}
  menu.action()
  local window = windows[#windows]
  local before = window.text
  local session = { results = {}, messages = 3, first_frame = 5, number = 1, events = {} }
  session.events[1] = { frame = 5, time = 1.5, from = "novice", message = { type = "FILEXFEREND", items = {} } }
  session.results[1] = { frame = 5, from = "novice", value = 41, code = { name = "NAME", text = "Text" } }
  local client, server = { "::1", 50000 }, { "10.0.0.1", 3389 }
  entries = { { connection = { id = 1, session = session }, client = client, server = server } }
  window.tap.draw()
  assert(window.text ~= before, "no redraw")
  window.buttons.Copy()
  assert(copied == window.text, "not what is shown was copied")
  entries = {}
  window.tap.reset()
  assert(window.text == before, "another capture, and the text of the last one")
  window.close()
  print(menu.name .. "|" .. window.title .. "|" .. tostring(window.tap.removed))
  print(copied:match("\n(1 [^\n]*)\n") or copied:match("\n( +1%.5[^\n]*)\n") .. copied:match("and %d more"))
end
