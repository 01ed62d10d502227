-- Decodes messages with the plugin's own modules, outside Wireshark: `lua decode.lua FOLDER`.
-- Standard input: one message a line, "<sender> <hexadecimal digits>". Standard output: for each a line
-- "<channel> <type> <notes> <fields>", all text in hexadecimal digits; "-" if there is no valid header.

package.path = arg[1] .. "/?.lua;" .. package.path
local message = require("msra_message")
local transfer = require("msra_transfer")

local function hex(text)
  return (text:gsub(".", function(c)
    return string.format("%02x", c:byte())
  end))
end

local function from_hex(digits)
  return (digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function field(item, data)
  if item.value == true then
    return item.field .. "=b:" .. hex(data:sub(item.at + 1, item.at + item.size))
  elseif type(item.value) == "number" then
    return string.format("%s=i:%d", item.field, item.value)
  end
  return (item.name and "attribute." .. hex(item.name) or item.field) .. "=s:" .. hex(item.value)
end

local transfers = transfer.transfers()
for line in io.lines() do
  local sender, digits = line:match("^(%a+) (%x*)$")
  local data = from_hex(digits)
  local decoded = message.decode(data, 0, #data, sender, transfers)
  if decoded then
    local fields = {}
    for _, item in ipairs(decoded.items) do
      assert(item.at >= 0 and item.size >= 0 and item.at + item.size <= #data, "an item outside the message")
      for _, part in ipairs(item.children or {}) do
        assert(part.at >= item.at and part.at + part.size <= item.at + item.size, "a part outside its item")
      end
      fields[#fields + 1] = field(item, data)
    end
    print(hex(decoded.channel), decoded.type, table.concat(decoded.notes, ","), table.concat(fields, " "))
  else
    print("-")
  end
end
