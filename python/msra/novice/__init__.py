"""A novice for testing: an RDP server that plays the novice's side of Remote Assistance as it is told to.

    python -m msra.novice --result 41 --write-invitation help.msrcIncident

`rdp_server` is the RDP below without I/O, `conduct` what the novice says, `server` the sockets, `__main__` the options.
It shares no screen, encrypts nothing, and listens on loopback unless it is told otherwise.
"""
