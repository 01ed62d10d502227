-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- XML texts of peers: elements with attributes. What msra_command says about XML from the network holds here, too.
--
--     <E><A KH="..." ID="..."/><C><T ID="1" SID="0"><L P="49228" N="192.168.1.200"/></T></C></E>

local command = require("msra_command")

local M = {}

local SPACE = "[ \t\r\n]*"
local BOM, DECLARATION = "^\239\187\191", "^" .. SPACE .. "<%?xml[ \t\r\n][^<>]*%?>()"
local TAG = "^" .. SPACE .. "<(/?)([A-Za-z_:][A-Za-z0-9_:.-]*)()"
local TAG_END = "^" .. SPACE .. "(/?)>()"
local MOST_ELEMENTS, MOST_NESTING = 1000, 8

-- The elements in the order of their start tags, each { path, values, attributes }: the names from the root on, as
-- "/E/A"; the values by lower-case name, and the attributes as msra_command gives them. nil if `text` is no document;
-- between its tags there may be only white space.
function M.scan(text)
  local start = #(text:match(BOM) or "") + 1
  local at, elements, names = text:match(DECLARATION, start) or start, {}, {}
  local closes, name, behind = text:match(TAG, at)
  while closes do
    local attributes, tag_end = command.attributes(text, behind)
    local empty, next_at = text:match(TAG_END, tag_end)
    if not empty then
      return nil
    elseif closes == "/" then
      if #attributes > 0 or empty == "/" or names[#names] ~= name then
        return nil
      end
      names[#names] = nil
    elseif (#elements > 0 and #names == 0) or #names == MOST_NESTING or #elements == MOST_ELEMENTS then
      return nil
    else
      local values, by_name = {}, {}
      for _, attribute in ipairs(attributes) do
        values[attribute.name], by_name[attribute.name] = attribute.value, attribute
      end
      names[#names + 1] = name
      elements[#elements + 1] = { path = "/" .. table.concat(names, "/"), values = values, attributes = by_name }
      names[#names] = empty ~= "/" and name or nil
    end
    at = next_at
    closes, name, behind = text:match(TAG, at)
  end
  return #elements > 0 and #names == 0 and text:find("^" .. SPACE .. "$", at) and elements or nil
end

return M
