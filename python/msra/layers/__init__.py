# SPDX-License-Identifier: GPL-2.0-or-later
"""Remote Assistance for Scapy ([MS-RA], [MS-RDPEMC]): `from msra.layers import *` gives the layers.

    >>> MSRA_Header() / MSRA_Ctl() / MSRA_Result(result="SAFERROR_HELPEESAIDNO")
    >>> ENCOMSP_Header() / ENCOMSP_ParticipantCtrlChange(flags="REQUEST_VIEW+REQUEST_INTERACT")

These classes are the one declaration of the wire format in Python; :mod:`msra.layers.decode` reads messages with them.
`explore("msra")` lists them, `ls(MSRA_Result, verbose=True)` shows the result codes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import scapy.contrib
from scapy.config import conf

from msra.layers.blob import parse_expert_blob
from msra.layers.encomsp import (
    ENCOMSP_AppCreated,
    ENCOMSP_AppRemoved,
    ENCOMSP_FilterUpdated,
    ENCOMSP_GraphicsStreamPaused,
    ENCOMSP_GraphicsStreamResumed,
    ENCOMSP_Header,
    ENCOMSP_Message,
    ENCOMSP_ParticipantCreated,
    ENCOMSP_ParticipantCtrlChange,
    ENCOMSP_ParticipantCtrlChangeResponse,
    ENCOMSP_ParticipantRemoved,
    ENCOMSP_WndCreated,
    ENCOMSP_WndRegionUpdate,
    ENCOMSP_WndRemoved,
    ENCOMSP_WndShow,
)
from msra.layers.fields import bstr
from msra.layers.msra import (
    MSRA_Authenticate,
    MSRA_Ctl,
    MSRA_Disconnect,
    MSRA_ExpertOnVista,
    MSRA_Header,
    MSRA_IsConnected,
    MSRA_RAExpertName,
    MSRA_RANoviceName,
    MSRA_RemoteControlDesktop,
    MSRA_Result,
    MSRA_ServerAnnounce,
    MSRA_Token,
    MSRA_VerifyPassword,
    MSRA_VersionInfo,
)
from msra.layers.session_control import MSRA_Chat, MSRA_FileTransfer, MSRA_RCCommand

__all__ = [
    "ENCOMSP_AppCreated",
    "ENCOMSP_AppRemoved",
    "ENCOMSP_FilterUpdated",
    "ENCOMSP_GraphicsStreamPaused",
    "ENCOMSP_GraphicsStreamResumed",
    "ENCOMSP_Header",
    "ENCOMSP_Message",
    "ENCOMSP_ParticipantCreated",
    "ENCOMSP_ParticipantCtrlChange",
    "ENCOMSP_ParticipantCtrlChangeResponse",
    "ENCOMSP_ParticipantRemoved",
    "ENCOMSP_WndCreated",
    "ENCOMSP_WndRegionUpdate",
    "ENCOMSP_WndRemoved",
    "ENCOMSP_WndShow",
    "MSRA_Authenticate",
    "MSRA_Chat",
    "MSRA_Ctl",
    "MSRA_Disconnect",
    "MSRA_ExpertOnVista",
    "MSRA_FileTransfer",
    "MSRA_Header",
    "MSRA_IsConnected",
    "MSRA_RAExpertName",
    "MSRA_RANoviceName",
    "MSRA_RCCommand",
    "MSRA_RemoteControlDesktop",
    "MSRA_Result",
    "MSRA_ServerAnnounce",
    "MSRA_Token",
    "MSRA_VerifyPassword",
    "MSRA_VersionInfo",
    "bstr",
    "parse_expert_blob",
]


def _register_for_explore() -> None:
    """Make `explore("msra")` and `load_contrib("msra")` find the layers.

    Scapy's explore() knows only modules named scapy.*, and its menu fails as soon as others have layers.
    """
    by_module = conf.layers.ldict
    ours = [module for module in by_module if module.startswith(f"{__name__}.")]
    layers = [layer for module in ours for layer in by_module.pop(module)]
    by_module["scapy.contrib.msra"] = [layer for layer in layers if layer.__name__ in __all__]
    vars(scapy.contrib).setdefault("msra", sys.modules[__name__])  # until it is imported, which takes longer
    scapy.contrib.__path__.append(str(Path(__file__).parents[1] / "scapy_contrib"))


_register_for_explore()
