-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- The way of the bytes through Wireshark.
--
--     TCP -> here: cut into PDUs -> TPKT and fast path: the built-in tpkt, for its trees; then read here
--                                -> TLS record: the built-in tls -> its decrypted data comes back here: cut into PDUs
--     COTP of a TPKT packet that somebody else framed (Decode As, tunnels) -> here: read
--
-- Wireshark's own RDP dissectors are called so that their trees appear, but nothing depends on what they find: they see
-- neither every PDU nor more than the first chunk of a message.

local mcs = require("msra_mcs")
local tpkt = require("msra_tpkt")

local Stream = {}
Stream.__index = Stream

local RDP_PORT = 3389

function Stream.new(proto, state, tree)
  return setmetatable({
    proto = proto,
    state = state,
    tree = tree,
    any_port = true, -- a preference: claim streams of any port
    builtin = {
      tpkt = Dissector.get("tpkt"),
      tls = Dissector.get("tls"),
      t125 = Dissector.get("t125"),
      credssp = Dissector.get("credssp"),
      rdp_port = DissectorTable.get("tcp.port"):get_dissector(RDP_PORT),
    },
    current = nil, -- what is being cut; the built-in dissectors call back while it is
  }, Stream)
end

-- A malformed packet makes a built-in dissector fail; Wireshark has marked it in the tree then. Gives how many bytes it
-- took.
local function call(dissector, tvb, pinfo, tree)
  if not dissector then
    return 0
  end
  local ok, taken = pcall(dissector.call, dissector, tvb, pinfo, tree)
  return ok and taken or tvb:len()
end

-- Show what this PDU says; on the first pass find it out.
function Stream:unit(cut, tvb, read)
  local events = self.state:events(cut.pinfo, cut.connection, read)
  self.tree:show(cut.tree, tvb, cut.pinfo, events, cut.connection)
end

local READERS = {}

function READERS.tpkt(self, cut, range)
  local tvb, connection = range:tvb(), cut.connection
  cut.in_packet = true
  call(self.builtin.tpkt, tvb, cut.pinfo, cut.tree)
  cut.in_packet = false
  self:unit(cut, tvb, function()
    connection.opened[cut.from] = connection.opened[cut.from] or cut.pinfo.number
    connection:packet(cut.from, range:raw())
  end)
end

function READERS.fast_path(self, cut, range)
  call(self.builtin.tpkt, range:tvb(), cut.pinfo, cut.tree)
end

function READERS.credssp(self, cut, range)
  call(self.builtin.credssp, range:tvb(), cut.pinfo, cut.tree)
end

function READERS.early_result()
end

-- `cut.delivered` tells whether the record's data came back decrypted.
function READERS.tls(self, cut, range)
  local tvb, connection, pinfo = range:tvb(), cut.connection, cut.pinfo
  local desegment = pinfo.can_desegment
  cut.delivered = false
  pinfo.can_desegment = 2 -- every call lowers it, and the data inside the records has to be put together, too
  call(self.builtin.tls, tvb, pinfo, cut.tree)
  pinfo.can_desegment, pinfo.desegment_len = desegment, 0
  self:unit(cut, tvb, function()
    connection.tls_since = connection.tls_since or pinfo.number
    connection:tls_record(cut.from, range:raw(), cut.delivered)
  end)
end

-- What may start a PDU here. The answer must be the same on every pass: what the connection has learned counts from the
-- next frame on.
local function allowed(cut)
  local connection, frame = cut.connection, cut.pinfo.number
  if cut.decrypted then
    local opened = connection.opened[cut.from] -- its first TPKT packet
    return opened and frame > opened and tpkt.ALLOWED.decrypted or tpkt.ALLOWED.opening
  end
  return connection.tls_since and frame > connection.tls_since and tpkt.ALLOWED.tls or tpkt.ALLOWED.clear
end

-- Ask for the rest of a PDU that starts at `offset`; `size` is nil if even its length is not there yet. A packet that
-- the capture holds only in part has no rest. True if Wireshark can bring it.
function Stream:want(cut, offset, size)
  local tvb, pinfo = cut.tvb, cut.pinfo
  local rest, is_whole = tvb:len() - offset, tvb:len() == tvb:reported_len()
  if is_whole and pinfo.can_desegment > 0 then
    pinfo.desegment_offset = offset
    pinfo.desegment_len = size and size - rest or DESEGMENT_ONE_MORE_SEGMENT
    return true
  end
  self:unit(cut, tvb:range(offset):tvb(), function()
    cut.connection:lost(cut.from, "incomplete_pdu", rest)
  end)
  return false
end

-- Skip to the next SendData PDU, as bytes are missing or foreign; gives where it starts, or the end.
function Stream:skip(cut, offset)
  local data = cut.tvb:raw(offset)
  local at, found = data:find("\3\0..\2\240\128[dh]", 2), nil
  while at and not found do
    found = tpkt.send_data(data:sub(at, at + tpkt.HEAD - 1)) and at - 1
    at = data:find("\3\0..\2\240\128[dh]", at + 1)
  end
  local size = found or #data
  self:unit(cut, cut.tvb:range(offset, size):tvb(), function()
    cut.connection:lost(cut.from, "bad_framing", size)
  end)
  return offset + size
end

local function cut_all(self, cut)
  local tvb, offset, length = cut.tvb, 0, cut.tvb:len()
  while offset < length do
    local head = tvb:raw(offset, math.min(tpkt.HEAD, length - offset))
    local kind, size = tpkt.recognise(head, allowed(cut), cut.from)
    if not kind then
      offset = self:skip(cut, offset)
    elseif size and offset + size <= length then
      READERS[kind](self, cut, tvb:range(offset, size))
      offset = offset + size
    else
      return self:want(cut, offset, size)
    end
  end
  return false
end

-- Cut the bytes of one side into PDUs and read each; true if more bytes are needed first.
function Stream:cut(cut)
  local outer = self.current
  self.current = cut
  local ok, wants = pcall(cut_all, self, cut)
  self.current = outer
  if not ok then
    error(wants, 0)
  end
  self.tree.restore_columns(cut.pinfo)
  return wants
end

local FROM = {
  [tpkt.CONNECTION_REQUEST] = "expert", [tpkt.SEND_DATA_REQUEST] = "expert",
  [tpkt.CONNECTION_CONFIRM] = "novice", [tpkt.SEND_DATA_INDICATION] = "novice",
}

-- The connection of a packet whose first bytes are `head`, and its sender; nil if this is no RDP.
function Stream:connection(pinfo, head)
  local connect = tpkt.connect(head)
  local connection, from = self.state:find(pinfo)
  if connection and not (connect == tpkt.CONNECTION_REQUEST and connection.answered and not pinfo.visited) then
    return connection, from
  end
  from = FROM[connect or tpkt.send_data(head)]
  if not from or pinfo.visited then
    return nil
  end
  return self.state:open(pinfo, from), from
end

local function head_of(tvb)
  return tvb:raw(0, math.min(tpkt.HEAD, tvb:len()))
end

-- Wait for more bytes if these few may become a connection request; true if Wireshark can bring them.
local function wait_for_connect(tvb, pinfo, head)
  if not tpkt.may_become_connect(head) or pinfo.can_desegment == 0 or tvb:reported_len() > tvb:len() then
    return false
  end
  pinfo.desegment_offset, pinfo.desegment_len = 0, DESEGMENT_ONE_MORE_SEGMENT
  return true
end

-- The connection of a packet that the user takes for RDP, on a port that is the novice's, whatever its first bytes are.
function Stream:decode_as(pinfo)
  local port = pinfo.match_uint
  if pinfo.visited or port == RDP_PORT or (port ~= pinfo.src_port and port ~= pinfo.dst_port) then
    return nil
  end
  local from = port == pinfo.dst_port and "expert" or "novice"
  return self.state:open(pinfo, from), from
end

-- The bytes of a TCP stream that was claimed, or of a port that was given to this dissector, or decrypted data of such
-- a port. Gives how many were taken.
function Stream:dissect(tvb, pinfo, tree)
  if tvb:len() == 0 or pinfo.in_error_pkt then
    return 0
  elseif self.current then
    return self:tls_heuristic(tvb, pinfo, tree) and tvb:len() or 0
  end
  local head = head_of(tvb)
  local connection, from = self:connection(pinfo, head)
  if not connection then
    connection, from = self:decode_as(pinfo)
  end
  if connection then
    self:cut({ tvb = tvb, pinfo = pinfo, tree = tree, connection = connection, from = from })
    return tvb:len()
  elseif wait_for_connect(tvb, pinfo, head) then
    return tvb:len()
  elseif pinfo.match_uint == RDP_PORT then
    return call(self.builtin.rdp_port, tvb, pinfo, tree)
  end
  return 0
end

-- A message that stands alone, as `analyze-pcap --export` writes it; `read`: the connection's method that reads it.
function Stream:exported(from, read, tvb, pinfo, tree)
  local connection = self.state:find(pinfo)
  if not connection and not pinfo.visited then
    connection = self.state:open(pinfo, from)
  end
  if not connection then
    return 0
  end
  self:unit({ pinfo = pinfo, tree = tree, connection = connection }, tvb, function()
    local data = tvb:raw()
    connection[read](connection, from, { data = data, from = 0, to = #data }, data)
  end)
  self.tree.restore_columns(pinfo)
  return tvb:len()
end

-- TCP payload that nobody has claimed yet, and begins as TPKT packets do (RFC 1006).
function Stream:tcp_heuristic(tvb, pinfo, tree)
  if not self.any_port then
    return false
  end
  local head = head_of(tvb)
  if tpkt.connect(head) or tpkt.send_data(head) then
    pinfo.conversation = self.proto
    return self:dissect(tvb, pinfo, tree) > 0
  end
  return wait_for_connect(tvb, pinfo, head)
end

-- Decrypted data of a TLS record.
function Stream:tls_heuristic(tvb, pinfo, tree)
  local outer = self.current
  local connection, from
  if outer then
    connection, from, outer.delivered = outer.connection, outer.from, true
  elseif self.any_port then
    connection, from = self:connection(pinfo, head_of(tvb))
  end
  if not connection then
    return false
  end
  local wants = self:cut({
    tvb = tvb, pinfo = pinfo, tree = tree, connection = connection, from = from, decrypted = true,
  })
  connection.records.collecting[from] = wants
  return true
end

-- The connection of a TPKT packet that somebody else framed, and its sender; nil if this is no RDP.
function Stream:foreign_connection(tvb, pinfo)
  local connection, from = self.state:find(pinfo)
  if connection or pinfo.visited then
    return connection, from
  end
  from = mcs.sender(tvb:raw())
  return from and self.state:open(pinfo, from), from
end

-- The data of a TPKT packet, which is T.125 in RDP. What this accepts the built-in t125 would have accepted. Packets
-- that were cut here are read where they were cut; others were framed by somebody else.
function Stream:cotp_heuristic(tvb, pinfo, tree)
  local outer = self.current
  if outer and outer.in_packet then
    call(self.builtin.t125, tvb, pinfo, tree)
    return true
  end
  local connection, from = self:foreign_connection(tvb, pinfo)
  if connection then
    if outer then
      outer.delivered = true
    end
    call(self.builtin.t125, tvb, pinfo, tree)
    self:unit({ pinfo = pinfo, tree = tree, connection = connection }, tvb, function()
      connection:mcs_pdu(from, tvb:raw(), 0)
    end)
    self.tree.restore_columns(pinfo)
  end
  return connection ~= nil
end

return Stream
