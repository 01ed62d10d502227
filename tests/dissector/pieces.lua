-- Takes data apart with the plugin's own modules, outside Wireshark: `lua pieces.lua FOLDER`.
-- Standard input: one piece a line, "<kind> <hexadecimal digits>"; encomsp is a channel message, blob UTF-16LE text,
-- string UTF-8 text, contact a file. Standard output: for each a line of words "<name>=<form>:<value>", all text in hexadecimal digits;
-- "-" if it is none. The orders of encomsp are divided by "|", their fields follow type and notes.

package.path = arg[1] .. "/?.lua;" .. package.path
local blob = require("msra_blob")
local contact = require("msra_contact")
local connection_string = require("msra_connection_string")
local encomsp = require("msra_encomsp")

local function hex(text)
  return (text:gsub(".", function(c)
    return string.format("%02x", c:byte())
  end))
end

local function field(item, data, at)
  if item.value == true then
    return item.field .. "=b:" .. hex(data:sub(at + item.at + 1, at + item.at + item.size))
  elseif type(item.value) == "number" then
    return string.format("%s=i:%d", item.field, item.value)
  end
  return item.field .. "=s:" .. hex(item.value)
end

local READERS = {}

function READERS.encomsp(data)
  local orders, unread = encomsp.orders(data, 0, #data)
  local lines = { tostring(unread) }
  for _, order in ipairs(orders) do
    local words = { order.message.type, tostring(order.size), table.concat(order.message.notes, ",") }
    for _, item in ipairs(order.message.items) do
      assert(item.at >= 0 and item.size >= 0 and item.at + item.size <= order.size, "an item outside its order")
      words[#words + 1] = field(item, data, order.at)
    end
    lines[#lines + 1] = table.concat(words, " ")
  end
  return table.concat(lines, "|")
end

function READERS.blob(data)
  local words = {}
  for _, property in ipairs(blob.properties(data, 0, #data) or {}) do
    assert(property.at >= 0 and property.at + property.size <= #data, "a property outside its blob")
    words[#words + 1] = hex(property.name) .. "=s:" .. hex(property.value)
  end
  return #words > 0 and table.concat(words, " ") or "-"
end

function READERS.string(data)
  local words = {}
  for _, part in ipairs(connection_string.parts(data) or {}) do
    words[#words + 1] = part[1] .. "=s:" .. hex(part[2])
  end
  return #words > 0 and table.concat(words, " ") or connection_string.parts(data) and "" or "-"
end

function READERS.contact(data)
  local words, items = {}, contact.items(data)
  for _, item in ipairs(items or {}) do
    assert(item.at >= 0 and item.at + item.size <= #data, "an item outside the file")
    words[#words + 1] = field(item, data, 0)
  end
  return items and table.concat(words, " ") or "-"
end

for line in io.lines() do
  local kind, digits = line:match("^(%a+) (%x*)$")
  print(READERS[kind]((digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))))
end
