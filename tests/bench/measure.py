"""What a command costs: wall time, CPU time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Command = Sequence[str]
SPAWN = str(Path(__file__).with_name("spawn.py"))


class BenchError(Exception):
    """A command failed, so what it cost means nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, seconds of CPU (user and system), and bytes; with those of all processes that the command started."""

    wall: float
    cpu: float
    memory: int
    """The resident memory of its largest process."""

    def and_then(self, part: Cost, parts: float) -> Cost:
        """What the whole costs, if this is the start of the program, and `part` is that with one of `parts` parts."""
        wall, cpu = (self.wall, part.wall), (self.cpu, part.cpu)
        whole_wall, whole_cpu = (start + max(0, one - start) * parts for start, one in (wall, cpu))
        return Cost(whole_wall, whole_cpu, max(self.memory, part.memory))


def cost_of(command: Command) -> Cost:
    """Run a command; raises BenchError if it fails."""
    # Python may have been told to keep no byte code, but those who install a package have it: pip compiles.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", SPAWN, *command], env=environment, capture_output=True, text=True, check=False
    )
    try:
        wall, cpu, memory, status = map(float, done.stdout.split())
    except ValueError:
        wall, cpu, memory, status = 0, 0, 0, done.returncode
    if status or done.returncode:
        raise BenchError(f"status {status:g} of {' '.join(command)[:500]}: {done.stderr.strip()[-500:]}")
    return Cost(wall, cpu, int(memory) * 1024)


def cost_of_all(commands: Sequence[Command]) -> Cost:
    """The cost of several commands, one after the other."""
    costs = [cost_of(command) for command in commands]
    return Cost(sum(c.wall for c in costs), sum(c.cpu for c in costs), max(c.memory for c in costs))


def median_of(costs: Sequence[Cost]) -> Cost:
    """Each of the numbers by itself."""
    wall, cpu = (median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu"))
    return Cost(wall, cpu, int(median(cost.memory for cost in costs)))
