-- Reads TPKT packets with the plugin's own modules, outside Wireshark: `lua packets.lua FOLDER`.
-- Standard input: one packet a line, "<sender> <hexadecimal digits>". Standard output: a line for each event,
-- "<sender> <kind> <name or type> <size>".

package.path = arg[1] .. "/?.lua;" .. package.path
local Connection = require("msra_connection")

local connection = Connection.new(1)
for line in io.lines() do
  local sender, digits = line:match("^(%a+) (%x*)$")
  local packet = digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end)
  connection:packet(sender, packet)
  for _, event in ipairs(connection:take_events()) do
    local bytes = event.data or packet
    assert(event.kind ~= "message" or event.at + event.size <= #bytes, "a message outside its bytes")
    print(event.from, event.kind, event.name or event.message.type, event.size or 0)
  end
end
