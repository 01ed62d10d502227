-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Remote Assistance ([MS-RA]) in Wireshark 4.0 and later: start here.
--
-- The modules beside this file (msra_*.lua) do the work. Wireshark runs every file of a plugin folder, and puts the
-- folder of a running script on Lua's search path: loading a module twice does nothing. Only this file registers.

-- luacheck: read globals Pref

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

local channels = require("msra_channels")
local codes = require("msra_codes")
local control = require("msra_control")
local encomsp = require("msra_encomsp")
local experts = require("msra_experts")
local fields = require("msra_fields")
local State = require("msra_state")
local statistics = require("msra_statistics")
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

local value_strings = {
  msg_types = control.names, results = result_names,
  order_types = encomsp.names, disc_types = encomsp.disc_types, disc_codes = encomsp.disc_codes,
}
local state = State.new()
local tree = Tree.new(
  { proto = msra, fields = fields.create(msra, fields.MSRA, value_strings) },
  { proto = msra_rdp, fields = fields.create(msra_rdp, fields.RDP, value_strings) },
  experts.create(msra)
)
local stream = Stream.new(msra_rdp, state, tree)

msra.prefs.any_port = Pref.bool("Recognise RDP on any port", true,
  "Look for RDP connections on every TCP port; without this only on port 3389 and where Decode As says so")
msra.prefs.max_message = Pref.uint("Maximum size of a message in MiB", 16,
  "A channel message that grows longer is not put together (1 to 1024)")
msra.prefs.mask_secrets = Pref.bool("Mask passwords, tokens and connection strings", false,
  "Leave them out of the tree and the columns; the bytes of the capture stay as they are")

msra.prefs.ports = Pref.range("Additional RDP ports", "",
  "On these TCP ports every connection is taken for RDP, as on 3389: 3390,5000-5010", 65535)
msra.prefs.unknown_text = Pref.string("Meaning of unknown result codes", codes.texts.unknown,
  "Shown for codes that [MS-RA] 2.2.6 does not list")

local port_tables = { DissectorTable.get("tcp.port"), DissectorTable.get("tls.port") }
local given_ports = "" -- the preference as it was applied

local function give_ports(ports)
  if ports ~= given_ports then
    for _, ports_of in ipairs(port_tables) do
      if given_ports ~= "" then
        ports_of:remove(given_ports, msra_rdp)
      end
      if ports ~= "" then
        ports_of:add(ports, msra_rdp)
      end
    end
    given_ports = ports
  end
end

local function apply_preferences()
  local mebibytes = math.min(math.max(msra.prefs.max_message, 1), 1024)
  channels.MAX_MESSAGE = mebibytes * 1024 * 1024
  stream.any_port, tree.masks_secrets = msra.prefs.any_port, msra.prefs.mask_secrets
  codes.texts.unknown = msra.prefs.unknown_text
  give_ports(msra.prefs.ports)
end

function msra.init()
  apply_preferences()
  state:clear()
end

function msra.prefs_changed()
  apply_preferences()
end

function msra_rdp.dissector(tvb, pinfo, root)
  return stream:dissect(tvb, pinfo, root)
end

-- Messages without the RDP around them, in the files that `analyze-pcap --export` writes: the name tells the sender.
for prefix, read in pairs({ msra = "message", encomsp = "orders" }) do
  for _, from in ipairs({ "expert", "novice" }) do
    local name = prefix .. "_" .. from
    local single = Proto(name, string.format("MS-RA %s from the %s (%s)", read, from, name))
    function single.dissector(tvb, pinfo, root)
      return stream:exported(from, read, tvb, pinfo, root)
    end
  end
end

statistics.register(state)

-- Every TCP payload that nobody claims comes here, whatever it is: what is no TPKT packet must cost next to nothing.
msra_rdp:register_heuristic("tcp", function(tvb, pinfo, root)
  return tvb:len() > 0 and tvb:raw(0, 1) == "\3" and stream:tcp_heuristic(tvb, pinfo, root)
end)

local heuristics = { tls = stream.tls_heuristic, cotp = stream.cotp_heuristic, cotp_is = stream.cotp_heuristic }
for name, method in pairs(heuristics) do
  msra_rdp:register_heuristic(name, function(tvb, pinfo, root)
    return method(stream, tvb, pinfo, root)
  end)
end

for _, ports in ipairs(port_tables) do
  ports:add(3389, msra_rdp) -- in place of the built-in TPKT, which is called from here
  ports:add_for_decode_as(msra_rdp)
end
