"""RDP without I/O: bytes of a TCP stream in, channel messages, facts and gaps out.

One module a wire layer, from the stream upwards: tpkt and fastpath, x224, mcs, gcc, security (with its keys and
ciphers), bulk compression (mppc, ncrush, xcrush), share, channels; `connection` drives them. Nothing here knows Remote
Assistance, opens a file, or imports another part of this package.
"""
