"""Installing files for the user: no file is touched that was not written here."""

from __future__ import annotations

from pathlib import Path

import pytest

from msra.installed_files import MANIFEST, InstalledFiles


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(f"first {name}")
    return sorted(folder.iterdir())


@pytest.fixture
def files(tmp_path: Path) -> InstalledFiles:
    return InstalledFiles(tmp_path / "target" / "below")


def names(files: InstalledFiles) -> set[str]:
    return {path.name for path in files.folder.iterdir()} - {MANIFEST}


def test_install_again_and_remove(sources: list[Path], files: InstalledFiles) -> None:
    for _ in range(2):
        assert files.install(sources, "1") == [] and files.foreign(sources) == []
        assert names(files) == {"a", "b"}
    assert files.remove() == [] and not files.folder.exists()
    assert files.remove() is None


def test_foreign_files_are_kept(sources: list[Path], files: InstalledFiles) -> None:
    files.folder.mkdir(parents=True)
    (files.folder / "a").write_text("mine")
    (files.folder / "other").write_text("mine")
    assert files.foreign(sources) == ["a"] and files.install(sources, "1") == ["a"]
    assert (files.folder / "a").read_text() == "mine"
    assert files.remove() == [] and names(files) == {"a", "other"}


def test_changed_files_are_kept_and_stay_known(sources: list[Path], files: InstalledFiles) -> None:
    """They are reported again and again; a file that the user sets back is ours once more."""
    files.install(sources, "1")
    (files.folder / "a").write_text("changed")
    assert files.install(sources, "2") == files.install(sources, "3") == ["a"]
    (files.folder / "a").write_text("first a")
    assert files.foreign(sources) == []
    (files.folder / "a").write_text("changed")
    assert files.remove() == ["a"] and names(files) == {"a"}


def test_files_of_an_older_version_go(sources: list[Path], files: InstalledFiles) -> None:
    files.install(sources, "1")
    files.install(sources[:1], "2")
    assert names(files) == {"a"}


def test_a_file_that_is_gone_already(sources: list[Path], files: InstalledFiles) -> None:
    files.install(sources, "1")
    (files.folder / "a").unlink()
    assert files.remove() == []


@pytest.mark.parametrize("text", ["broken", "[]", '{"files": []}', '{"files": {"../victim": "0"}}', "\x00"])
def test_a_damaged_manifest_is_no_licence_to_delete(sources: list[Path], files: InstalledFiles, text: str) -> None:
    files.install(sources, "1")
    victim = files.folder.parent / "victim"
    victim.write_text("x")
    (files.folder / MANIFEST).write_text(text)
    assert files.remove() is None and victim.exists() and names(files) == {"a", "b"}
    assert files.foreign(sources) == ["a", "b"]


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder"])
def test_links_and_folders_are_foreign(sources: list[Path], files: InstalledFiles, tmp_path: Path, kind: str) -> None:
    """Nothing is written through a link, wherever it leads to, and nothing is removed."""
    files.folder.mkdir(parents=True)
    there, elsewhere = files.folder / "a", tmp_path / "elsewhere"
    if kind == "folder":
        there.mkdir()
    else:
        there.symlink_to(elsewhere)
        if kind == "link":
            elsewhere.write_bytes(sources[0].read_bytes())
    assert files.foreign(sources) == ["a"] and files.install(sources, "1") == ["a"]
    assert elsewhere.exists() is (kind == "link")
    assert files.remove() == [] and (there.is_symlink() or there.is_dir())


def test_an_installation_that_breaks_off_can_be_repeated(
    sources: list[Path], files: InstalledFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk after the first file: what is there is known as ours, and nothing is half."""
    real, calls = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        calls.append(path)
        if len(calls) > 2:
            real(path, data[:3])
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        files.install(sources, "1")
    monkeypatch.undo()
    assert (files.folder / "a").read_text() == "first a" and not (files.folder / "b").exists()
    assert files.install(sources, "1") == []
    assert files.remove() == [] and not files.folder.exists()


def test_version_and_what_is_outdated(sources: list[Path], files: InstalledFiles) -> None:
    assert files.version is None and files.outdated(sources) == ["a", "b"]
    files.install(sources, "1.2")
    assert files.version == "1.2" and files.outdated(sources) == []
    sources[1].write_text("second b")
    assert files.outdated(sources) == ["b"]
    (files.folder / MANIFEST).write_text('{"version": 3, "files": {"a": "0"}}')
    assert files.version is None
