-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The multiparty channel encomsp ([MS-RDPEMC] 2.2): who may see and do what. A channel message holds one order after
-- the other.
--
--     order     order_type u16 | length u16, header included | body, drawn below: each field with its size in bytes
--     text      cch_string u16 | 2 * cch_string bytes of UTF-16LE      it ends at a NUL, if there is one

local Body = require("msra_body")
local bytes = require("msra_bytes")

local M = {}

M.CHANNEL = "encomsp"

local HEADER = 4
local MOST_ORDERS = 4096 -- the smallest take 4 bytes, and a message may have megabytes

local TEXT = { "cch_string", 2 }
local FLAGS, APP, WND, PARTICIPANT = { "flags", 2 }, { "app_id", 4 }, { "wnd_id", 4 }, { "participant_id", 4 }

-- The names of the flags, by bit number; some orders have the same ones.
local REQUESTS = { [0] = "REQUEST_VIEW", [1] = "REQUEST_INTERACT", [3] = "ALLOW_CONTROL_REQUESTS" }
local FLAG_NAMES = {
  [1] = { [0] = "FILTER_ENABLED" }, [3] = { [0] = "APPLICATION_SHARED" }, [5] = { [0] = "WINDOW_SHARED" },
  [8] = { [0] = "MAY_VIEW", [1] = "MAY_INTERACT", [2] = "IS_PARTICIPANT" }, [9] = REQUESTS, [13] = REQUESTS,
}

-- [MS-RDPEMC] 2.2.3 to 2.2.5: the name, the fields of fixed size, and the text behind them if there is one.
local ORDERS = {
  [1] = { "OD_FILTER_STATE_UPDATED", { { "flags", 1 } } },
  [2] = { "OD_APP_REMOVED", { APP } },
  [3] = { "OD_APP_CREATED", { FLAGS, APP, TEXT }, "app_name" },
  [4] = { "OD_WND_REMOVED", { WND } },
  [5] = { "OD_WND_CREATED", { FLAGS, APP, WND, TEXT }, "wnd_name" },
  [6] = { "OD_WND_SHOW", { WND } },
  [7] = { "OD_PARTICIPANT_REMOVED", { PARTICIPANT, { "disc_type", 4 }, { "disc_code", 4 } } },
  [8] = { "OD_PARTICIPANT_CREATED", { PARTICIPANT, { "group_id", 4 }, FLAGS, TEXT }, "friendly_name" },
  [9] = { "OD_PARTICIPANT_CTRL_CHANGE", { FLAGS, PARTICIPANT } },
  [10] = { "OD_GRAPHICS_STREAM_PAUSED", {} },
  [11] = { "OD_GRAPHICS_STREAM_RESUMED", {} },
  [12] = { "OD_WND_REGION_UPDATE", { { "left", 4 }, { "top", 4 }, { "right", 4 }, { "bottom", 4 } } },
  [13] = { "OD_PARTICIPANT_CTRL_CHANGE_RESPONSE", { FLAGS, PARTICIPANT, { "reason_code", 4 } } },
}

-- The names by number, for the field's value strings.
M.names = {}
for number, order in pairs(ORDERS) do
  M.names[number] = order[1]
end

-- [MS-RDPEMC] 2.2.4.2
M.disc_types = { [0] = "PARTICIPANT_DISCONNECT_REASON_APP", [2] = "PARTICIPANT_DISCONNECT_REASON_CLI" }
M.disc_codes = { [0] = "S_OK", [0xD00A0006] = "unable to send to the participant", [0xD0000001] = "error of the host" }

-- The text of `count` code units, or what is there of it.
local function read_text(body, field, count)
  local stop = body.stop
  if body:rest() < 2 * count then
    body:note("truncated")
  else
    body.stop = body.at + 2 * count
  end
  body:text(field)
  body.stop = stop
end

-- "REQUEST_VIEW+REQUEST_INTERACT"; empty if no flag that has a name is set.
local function flag_names(names, value)
  local set = {}
  for bit = 0, 3 do
    set[#set + 1] = names[bit] and bytes.has_bit(value, bit) and names[bit] or nil
  end
  return table.concat(set, "+")
end

local function read_fields(body, order, names)
  local value
  for _, field in ipairs(order[2]) do
    value = body:unsigned(field[1], field[2])
    if not value then
      return
    elseif field[1] == "flags" then
      body.items[#body.items].meaning = flag_names(names, value)
    end
  end
  if order[3] then
    read_text(body, order[3], value)
  end
  body:finish()
end

-- The order in data[from, to), as msra_message gives a message.
local function decode(data, from, to)
  local body = Body.new(data:sub(from + 1, to), 0, to - from)
  body:add("channel_name", M.CHANNEL, 0, 0).generated = true
  local order_type = body:unsigned("order_type", 2)
  local order = ORDERS[order_type]
  if body:unsigned("order_length", 2) > to - from then
    body:note("bad_length")
  end
  if order then
    read_fields(body, order, FLAG_NAMES[order_type])
  else
    body:bytes("data")
  end
  return {
    channel = M.CHANNEL, type = order and order[1] or "UNKNOWN", unknown = "unknown_order",
    items = body.items, notes = body:notes(),
  }
end

-- The bytes that the order at `at` takes, at most what is there; nil where no order can begin.
local function size_at(data, at, to)
  local length = at + HEADER <= to and bytes.u16(data, at + 2)
  return length and length >= HEADER and math.min(length, to - at) or nil
end

-- The orders in data[from, to): a list of { message, at, size }; and how many bytes behind them are none.
function M.orders(data, from, to)
  local orders, at = {}, from
  local size = size_at(data, at, to)
  while size and #orders < MOST_ORDERS do
    orders[#orders + 1] = { message = decode(data, at, at + size), at = at, size = size }
    at = at + size
    size = size_at(data, at, to)
  end
  return orders, to - at
end

return M
