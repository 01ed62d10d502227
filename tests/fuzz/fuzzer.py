"""The fuzzer of one oracle, a process of its own: python -m tests.fuzz.fuzzer ORACLE [options of libFuzzer]."""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["msra"]):  # before anything else imports the package
    from tests.fuzz.oracles import ORACLES
from tests.fuzz.mutations import mutate


def main() -> None:
    """Never returns."""
    oracle = sys.argv[1]

    def changed(data: bytes, largest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.3:
            return atheris.Mutate(data, largest)
        return mutate(oracle, data, random)[:largest]

    atheris.Setup(sys.argv[1:], ORACLES[oracle], custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
