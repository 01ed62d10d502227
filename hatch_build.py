"""What hatchling leaves out of the wheel, and Scapy asks for."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TopLevelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds top_level.txt: scapy.config.ExtsManager.load() reads the names of the import packages from it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        metadata = f"{self.build_config.builder.artifact_project_id}.dist-info"
        build_data["force_include"]["python/msra/scapy_contrib/top_level.txt"] = f"{metadata}/top_level.txt"
