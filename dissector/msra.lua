-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Remote Assistance ([MS-RA]) in Wireshark 4.0 and later: start here.
--
-- The modules beside this file (msra_*.lua) do the work. Wireshark runs every file of a plugin folder, and puts the
-- folder of a running script on Lua's search path: loading a module twice does nothing. Only this file registers.

local VERSION = "0.1.0"

if _G.msra_plugin then -- installed, and given with -X lua_script: as well
  if _G.msra_plugin ~= VERSION then
    io.stderr:write(string.format("MS-RA plugin %s is in use, %s was not loaded\n", _G.msra_plugin, VERSION))
  end
  return
end

local major, minor = get_version():match("^(%d+)%.(%d+)")
if tonumber(major) < 4 then
  error(string.format("The MS-RA plugin needs Wireshark 4.0 or later; this is %s.%s.", major, minor))
end

_G.msra_plugin = VERSION
set_plugin_info({
  version = VERSION,
  author = "wireshark-msra",
  description = "Remote Assistance Protocol (MS-RA)",
})

local codes = require("msra_codes")
local control = require("msra_control")
local experts = require("msra_experts")
local fields = require("msra_fields")
local State = require("msra_state")
local Stream = require("msra_stream")
local Tree = require("msra_tree")

local result_names = {}
for _, rows in ipairs({ codes.codes, codes.hresults }) do
  for value, row in pairs(rows) do
    result_names[value] = row.name
  end
end

local msra = Proto("msra", "Remote Assistance (MS-RA)")
local msra_rdp = Proto("msra_rdp", "Remote Desktop transport")

local value_strings = { msg_types = control.names, results = result_names }
local state = State.new()
local tree = Tree.new(
  { proto = msra, fields = fields.create(msra, fields.MSRA, value_strings) },
  { proto = msra_rdp, fields = fields.create(msra_rdp, fields.RDP, value_strings) },
  experts.create(msra)
)
local stream = Stream.new(msra_rdp, state, tree)

function msra.init()
  state:clear()
end

function msra_rdp.dissector(tvb, pinfo, root)
  return stream:dissect(tvb, pinfo, root)
end

-- Messages without the RDP around them, in the files that `analyze-pcap --export` writes: the name tells the sender.
for _, from in ipairs({ "expert", "novice" }) do
  local message = Proto("msra_" .. from, "MS-RA message from the " .. from)
  function message.dissector(tvb, pinfo, root)
    return stream:exported(from, tvb, pinfo, root)
  end
end

local heuristics = {
  tcp = stream.tcp_heuristic, tls = stream.tls_heuristic, cotp = stream.cotp_heuristic, cotp_is = stream.cotp_heuristic,
}
for name, method in pairs(heuristics) do
  msra_rdp:register_heuristic(name, function(tvb, pinfo, root)
    return method(stream, tvb, pinfo, root)
  end)
end

for _, name in ipairs({ "tcp.port", "tls.port" }) do
  local ports = DissectorTable.get(name)
  ports:add(3389, msra_rdp) -- in place of the built-in TPKT, which is called from here
  ports:add_for_decode_as(msra_rdp)
end
