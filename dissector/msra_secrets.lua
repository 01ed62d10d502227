-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- What is left out of the tree if the user wants secrets masked: screenshots and exports end up in tickets. The bytes
-- themselves stay in the capture.

local M = {}

local FIELDS = {
  ra_connection_string = true, -- whoever has it can connect while the invitation is open
  expert_blob = true, -- PASS: the encrypted PassStub, open to an offline attack on the password
  encrypted_password = true, -- the same
  token = true, -- [MS-RA] 2.2.4: proves the password
  data = true, -- what no field explains: a damaged message can have any of these in it
}

local ATTRIBUTE = "voipgokey" -- [MS-RA] 2.2.2: the key of the voice connection

local function has_key(message)
  for _, item in ipairs(message.items) do
    if item.field == "attribute" and item.name == ATTRIBUTE then
      return true
    end
  end
  return false
end

-- A malformed RCCOMMAND, whose attributes can't be told apart, and may have the key among them.
local function may_have_key(message, item)
  return item.field == "text" and message.type == "RCCOMMAND" and item.value:lower():find(ATTRIBUTE, 1, true) ~= nil
end

-- Whether this item of the message is secret.
function M.is_secret(message, item)
  return FIELDS[item.field]
    or may_have_key(message, item)
    or (item.field == "attribute" and item.name == ATTRIBUTE)
    or (item.field == "command" and has_key(message))
    or false
end

return M
