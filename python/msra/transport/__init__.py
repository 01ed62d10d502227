"""RDP without I/O: bytes of a TCP stream in, channel messages, facts and gaps out.

One module a wire layer, from the stream upwards: tpkt, x224, mcs, gcc, security, channels; `connection` drives
them. Nothing here knows Remote Assistance, opens a file, or imports another part of this package.
"""
