-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- File transfer of one connection ([MS-RA] 2.2.3, 3.9, 3.10): tells the commands from the blocks of the file.
--
--     FILEXFER on channel 71 ---->  FILEXFERACK <----  blocks ---->  FILEXFEREND ---->
--                                   FILEXFERREJECT <---- ends it; either side may also reject later
--
-- A block may look like a command by chance. What the file's sender sends is a block as long as the announced size is
-- not exceeded; but one that is shorter than the block before it is the last one ([MS-RA] 3.9.5), and has to make that
-- size whole. What else looks like a command is one: the sender may end early, and blocks may be missing.

local bytes = require("msra_bytes")
local contact = require("msra_contact")

local M = {}

M.FILE_DATA = "FILE_DATA"

local MOST_TRANSFERS = 64 -- only a flood of announcements opens more: one file is sent at a time ([MS-RA] 2.2.3)

local COMMANDS = {} -- by their bytes on the wire, with and without NUL
for _, name in ipairs({ "FILEXFERACK", "FILEXFERREJECT", "FILEXFEREND" }) do
  local text = bytes.to_utf16(name)
  COMMANDS[text .. "\0\0"] = { name = name, terminated = true }
  COMMANDS[text] = { name = name, terminated = false }
end

-- [MS-RA] 2.2.1.2: the address of the version 1 novice that started the transfer, or 1000 if the expert did; a dot; the
-- seconds since 1970.
local VERSION_1 = { "^1000%.[0-9]+$", "^[0-9]+%.[0-9]+%.[0-9]+%.[0-9]+%.[0-9]+$" }

-- Whether a channel name means file transfer, in any version.
function M.is_file_channel(name)
  if name == "RA_FX" or name:find(VERSION_1[1]) then
    return true
  end
  local address = name:find(VERSION_1[2]) and name:match("^(.*)%.")
  return address and not address:find("[0-9][0-9][0-9][0-9]") or false
end

local Transfers = {}
Transfers.__index = Transfers

-- The transfers of one connection: `open` by channel name, `order` the names in the order of their announcements.
function M.transfers()
  return setmetatable({ open = {}, order = {} }, Transfers)
end

local function forget(self, channel)
  self.open[channel] = nil
  for index, name in ipairs(self.order) do
    if name == channel then
      table.remove(self.order, index)
      return
    end
  end
end

-- [MS-RA] 2.2.2: FILEXFER names the channel and the size of the file in bytes. `values`: attributes by name.
function Transfers:announced(sender, values)
  local channel, size = values.channelid, values.filesize or ""
  if values.name ~= "FILEXFER" or not channel or not M.is_file_channel(channel) then
    return
  end
  forget(self, channel)
  local is_size = size:find("^[0-9]+$") and #size <= 19
  self.open[channel] = {
    channel = channel, sender = sender, size = is_size and tonumber(size) or 0, received = 0, block = 0,
    name = values.filename,
    blocks = contact.is_internal(values) and {} or nil, -- the content of contact files is kept
  }
  self.order[#self.order + 1] = channel
  if #self.order > MOST_TRANSFERS then
    forget(self, self.order[1])
  end
end

local function is_block(transfer, sender, size)
  if not (transfer and transfer.accepted and transfer.sender == sender) then
    return false
  end
  local rest = transfer.size - transfer.received
  return size == rest or transfer.block <= size and size < rest
end

-- Keep the next block of a file that may be a contact; gives up when it is too large for one.
local function keep(transfer, block)
  if transfer.received > contact.MOST_BYTES then
    transfer.blocks = nil
  elseif transfer.blocks then
    table.insert(transfer.blocks, block)
  end
end

-- The whole content, once: with the block that makes it whole, or when the sender says so.
local function take_content(transfer)
  local blocks = transfer and transfer.blocks
  if blocks and #blocks > 0 then
    transfer.blocks = nil
    return table.concat(blocks)
  end
  return nil
end

local STATES = { FILEXFERACK = "accepted", FILEXFERREJECT = "rejected", FILEXFEREND = "ended" }

-- How far it is, for the tree and the summary.
local function progress(transfer, state)
  return { state = state, received = transfer.received, size = transfer.size, name = transfer.name }
end

function Transfers:command(body, sender, transfer, name)
  if name == "FILEXFERACK" then
    transfer.accepted = transfer.accepted or sender ~= transfer.sender
  else
    body.content = name == "FILEXFEREND" and take_content(transfer) or nil
    forget(self, transfer.channel)
  end
end

-- Reads a message of a file channel; gives its type.
--
--     | a block of the file, or the text of a command, NUL |
function Transfers:read(body, sender, channel)
  local size, transfer = body:rest(), self.open[channel]
  local command = size <= 30 and COMMANDS[body.data:sub(body.at + 1, body.stop)]
  if not command or is_block(transfer, sender, size) then
    body:add("file_data_len", size, body.at, size)
    local at = body:bytes("file_data").at
    if transfer then
      transfer.received, transfer.block = transfer.received + size, size
      keep(transfer, body.data:sub(at + 1, at + size))
      body.content = transfer.received == transfer.size and take_content(transfer) or nil
      body.transfer = progress(transfer, "running")
    end
    return M.FILE_DATA
  end
  body:text("command", "missing_terminator")
  if transfer then
    self:command(body, sender, transfer, command.name)
    body.transfer = progress(transfer, STATES[command.name])
  end
  return command.name
end

return M
