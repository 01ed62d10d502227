"""Print constraints for pip that make it install the oldest dependencies that pyproject.toml allows.

Those are meant that users install: the project's own, and the extras for them. The tools of the tests stay new.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
_BOUND = re.compile(r"(?P<name>[\w.-]+)(\[[\w,]+\])?>=(?P<version>[\d.]+)(?P<marker>;.*)?")


def constraints() -> list[str]:
    """One a requirement: `numpy==2.1; python_version >= '3.13'`. Each must have a lower bound, and nothing else."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    made = []
    extras = project["optional-dependencies"]
    for requirement in [*project["dependencies"], *extras["cluster"], *extras["notebook"]]:
        bound = _BOUND.fullmatch(requirement)
        if bound is None:
            raise ValueError(f"{requirement}: this is no lower bound")
        made.append(f"{bound['name']}=={bound['version']}{bound['marker'] or ''}")
    return made


if __name__ == "__main__":
    print("\n".join(constraints()))
