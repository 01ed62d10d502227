-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- One line about a message, for the Info column and the tree: "REMOTEDESKTOP_CTL_RESULT: SAFERROR_HELPEESAIDNO (41)".

local text = require("msra_text")

local M = {}

local function value_of(message, field)
  for _, item in ipairs(message.items) do
    if item.field == field then
      return item.value
    end
  end
  return nil
end

local function result(message)
  local value, code = value_of(message, "result"), message.code
  if not code then
    return nil
  end
  local shown = value >= 0x80000000 and string.format("0x%08X", value) or string.format("%d", value)
  return code.name:find(shown, 1, true) and ": " .. code.name or string.format(": %s (%s)", code.name, shown)
end

local function version(message)
  local major, minor = value_of(message, "version_major"), value_of(message, "version_minor")
  return minor and string.format(" %d.%d", major, minor)
end

local function chat(message)
  return ": " .. text.label(value_of(message, "text") or "")
end

local function command(message)
  return message.name and " " .. text.label(message.name)
end

local function progress(message)
  local size, transfer = value_of(message, "file_data_len"), message.transfer
  local so_far = transfer and string.format(", %.0f of %.0f", transfer.received, transfer.size) or ""
  return string.format(" (%d bytes%s)", size, so_far)
end

local function unknown(message)
  local msg_type = value_of(message, "msg_type")
  local order_type = value_of(message, "order_type")
  if order_type then
    return string.format(" (order type %d)", order_type)
  end
  return msg_type and string.format(" (msgType %d)", msg_type) or " on channel " .. text.label(message.channel)
end

-- What the flags of an order mean: who may view and interact, or asks to.
local function flags(message)
  for _, item in ipairs(message.items) do
    if item.field == "flags" and item.meaning ~= "" then
      return ": " .. item.meaning
    end
  end
  return nil
end

local DETAILS = {
  OD_PARTICIPANT_CREATED = flags,
  OD_PARTICIPANT_CTRL_CHANGE = flags,
  OD_PARTICIPANT_CTRL_CHANGE_RESPONSE = flags,
  REMOTEDESKTOP_CTL_RESULT = result,
  REMOTEDESKTOP_CTL_VERSIONINFO = version,
  CHAT = chat,
  RCCOMMAND = command,
  FILE_DATA = progress,
  UNKNOWN = unknown,
}

function M.of(message)
  local details = DETAILS[message.type]
  return message.type .. (details and details(message) or "")
end

return M
