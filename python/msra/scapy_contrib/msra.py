# SPDX-License-Identifier: GPL-2.0-or-later
# scapy.contrib.description = Remote Assistance Protocol (MS-RA), Multiparty Virtual Channel Extension (MS-RDPEMC)
# scapy.contrib.status = loads
# scapy.contrib.name = MSRA
"""Remote Assistance Protocol ([MS-RA]) and the channel encomsp ([MS-RDPEMC]): `load_contrib("msra")`."""

from msra.layers import *  # noqa: F403
from msra.layers import __all__ as _layers
from msra.scapy_session import RemoteAssistanceSession

__all__ = [*_layers, "RemoteAssistanceSession"]
