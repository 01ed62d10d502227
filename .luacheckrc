-- luacheck checks dissector/ with this. The plugin is written in the subset that Lua 5.2 (Wireshark 4.0) and 5.4
-- (Wireshark 4.4 and later) share.
std = "lua52"
max_line_length = 120
files["dissector/msra_codes.lua"].max_line_length = false
globals = { "_G.msra_plugin" }
read_globals = {
  "base", "ByteArray", "DESEGMENT_ONE_MORE_SEGMENT", "Dissector", "DissectorTable", "expert", "get_version",
  "Proto", "ProtoExpert", "ProtoField", "set_plugin_info",
}
exclude_files = { ".venv", "pcaps" }
