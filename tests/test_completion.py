"""Completion in the real shells: options, their values, and files."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from msra import cli, saferror
from msra.completion import SHELLS, script

BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
function=$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete --do-complete "$argv[2..]"'
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=READY; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word"
zpty -r shell seen '*READY*READY*'
zpty -n -w shell "${(j: :)@[2,-1]}"$'\\t'
sleep 1
while zpty -r -t shell more; do seen+=$more; done
print -r -- $seen
"""


def complete(shell: str, tmp_path: Path, *words: str, parser: Callable[[], argparse.ArgumentParser]) -> str:
    """What the shell makes of the last word."""
    program = shutil.which(shell)
    assert program, "tests/install-tools installs the shells"
    target = tmp_path / "functions" / f"_{words[0]}"
    target.parent.mkdir(exist_ok=True)
    target.write_text(script(parser(), shell))
    where = target.parent if shell == "zsh" else target
    source = {"bash": BASH, "fish": FISH, "zsh": ZSH}[shell]
    start = [program, "-c", source] if shell == "fish" else [program, "-c", source, shell]
    done = subprocess.run([*start, str(where), *words], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "night.pcapng").touch()
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--forma",), "--format"),
        (("--engine", "emb"), "embedded"),
        (("nig",), "night.pcapng"),
        (("--keylog", "nig"), "night.pcapng"),
    ],
    ids=["option", "value", "capture", "file"],
)
def test_analyze_pcap(shell: str, words: tuple[str, ...], expected: str, files: Path) -> None:
    assert expected in complete(shell, files, "analyze-pcap", *words, parser=cli.make_parser)


@pytest.mark.parametrize("shell", SHELLS)
def test_saferror(shell: str, tmp_path: Path) -> None:
    assert "--list" in complete(shell, tmp_path, "saferror", "--lis", parser=saferror.make_parser)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("main", [cli.main, saferror.main], ids=["analyze-pcap", "saferror"])
def test_the_option(main: Callable[[list[str]], int], shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", shell])
    make = cli.make_parser if main is cli.main else saferror.make_parser
    assert ended.value.code == 0 and capsys.readouterr().out == script(make(), shell)


def test_other_shells_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--print-completion", "tcsh"])
    assert ended.value.code == 2 and "bash" in capsys.readouterr().err
