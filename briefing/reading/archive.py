"""Files inside a ZIP or a folder, handed out one at a time and never unpacked; guards against what a ZIP can be.

Words used throughout
  member   a file inside, by its path with forward slashes
  bomb     an archive that unpacks to far more than it is; sizes in its own header are not believed but counted
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from briefing.errors import FileProblem
from briefing.reading.text import clean

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much an archive may hold. Sizes in bytes, unpacked."""

    members: int = 500_000
    member: int = 100_000_000
    total: int = 4_000_000_000
    ratio: int = 200
    """Unpacked to packed, of a member over 10 MB. Chat in JSON packs 10 to 30 times; repeated bytes 1,000 times."""


class MemberProblem(Exception):
    """One member cannot be read; the message says why, as one clause."""


class Archive(Protocol):
    """Files by their path inside."""

    name: str
    unsafe: Sequence[str]
    """Members whose names lead out of the archive, cleaned for printing. They are not read."""

    def names(self) -> Sequence[str]:
        """Paths of every member that may be read, sorted."""

    def read(self, name: str) -> bytes:
        """A member's bytes. Raises MemberProblem for that member, FileProblem where the whole archive is a bomb."""

    def close(self) -> None:
        """Close the file."""


def is_safe(name: str) -> bool:
    """Whether a member's path stays inside: relative, without `..`, drives, backslashes or control characters."""
    return (
        name.isprintable()
        and not name.startswith("/")
        and "\\" not in name
        and not re.match(r"[A-Za-z]:", name)
        and ".." not in name.split("/")
    )


def open_archive(path: Path, limits: Limits | None = None) -> Archive:
    """A ZIP file, or a folder it was unpacked to. Raises FileProblem where it is neither, or is cut or locked."""
    name = clean(path.name, 80)
    if path.is_dir():
        return FolderArchive(path, limits or Limits())
    if not path.exists():
        raise FileProblem(f"{name}: there is no such file or folder", advice="check the path in the configuration")
    return ZipArchive(path, limits or Limits())


class ZipArchive:
    """A ZIP file."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = clean(path.name, 80)
        self._limits = limits
        self._read = 0
        self._check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise FileProblem(
                f"{self.name} cannot be opened: {error.strerror}", advice="allow this account to read it"
            ) from error
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, UnicodeDecodeError) as error:
            raise FileProblem(f"{self.name} is a damaged ZIP file", advice="download it again") from error
        self._members = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        self.unsafe: Sequence[str] = tuple(clean(name, 80) for name in sorted(self._members) if not is_safe(name))
        if any(info.flag_bits & 0x1 for info in self._members.values()):
            self._zip.close()
            raise FileProblem(f"{self.name} is locked with a password", advice="unpack it and name the folder instead")

    def _check_directory(self, path: Path) -> None:
        """Look at the table of contents before Python holds all of it: it is at the end, so a cut file has none."""
        try:
            with path.open("rb") as file:
                is_zip = file.read(2) == b"PK"
                stated = contents_stated(file)
        except OSError as error:
            raise FileProblem(
                f"{self.name} cannot be opened: {error.strerror}", advice="allow this account to read it"
            ) from error
        if stated is None:
            what = "is cut: the table of contents at its end is missing" if is_zip else "is not a ZIP file"
            raise FileProblem(f"{self.name} {what}", advice="download it again")
        members, size = stated
        if members > self._limits.members or size > self._limits.members * 200:
            raise FileProblem(
                f"{self.name} holds more than {self._limits.members:,} files", advice="export a shorter time"
            )

    def names(self) -> Sequence[str]:
        """Paths of every member that may be read, sorted."""
        return sorted(name for name in self._members if is_safe(name))

    def read(self, name: str) -> bytes:
        """A member's bytes, counted as they come out."""
        info = self._members[name]
        pieces: list[bytes] = []
        size = 0
        try:
            with self._zip.open(info) as member:
                while piece := member.read(CHUNK):
                    size += len(piece)
                    self._guard(info, size, len(piece))
                    pieces.append(piece)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
        ) as error:
            raise MemberProblem("is damaged in the archive") from error
        return b"".join(pieces)

    def _guard(self, info: zipfile.ZipInfo, size: int, fresh: int) -> None:
        self._read += fresh
        if self._read > self._limits.total:
            raise FileProblem(
                f"{self.name} unpacks to more than {self._limits.total / 1e6:,.0f} MB", advice="export a shorter time"
            )
        if size > self._limits.member:
            raise MemberProblem(f"unpacks to more than {self._limits.member / 1e6:,.0f} MB")
        if size > 10_000_000 and size > self._limits.ratio * max(info.compress_size, 1):
            raise MemberProblem(f"unpacks to more than {self._limits.ratio} times its size")

    def close(self) -> None:
        """Close the file."""
        self._zip.close()


def contents_stated(file: BinaryIO) -> tuple[int, int] | None:
    """Members and bytes of a ZIP's table of contents as its last record states them; None without one.

    APPNOTE 4.3.16, for large archives 4.3.14.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 65_557))  # the record has 22 bytes and a comment of at most 65,535
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return None
    members, size = struct.unpack_from("<HI", tail, at + 10)
    large = tail.rfind(b"PK\x06\x06", 0, at)
    if large >= 0 and len(tail) - large >= 56 and (members == 0xFFFF or size == 0xFFFFFFFF):
        members, size = struct.unpack_from("<QQ", tail, large + 32)
    return members, size


class FolderArchive:
    """A folder that a ZIP was unpacked to. Links are not followed."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = clean(path.name, 80)
        self.unsafe: Sequence[str] = ()
        self._path = path
        self._limits = limits
        self._read = 0

    def names(self) -> Sequence[str]:
        """Paths of every plain file, sorted."""
        found = sorted(self._walk(self._path, ""))
        if len(found) > self._limits.members:
            raise FileProblem(f"{self.name} holds more than {self._limits.members:,} files", advice="name its folder")
        return found

    def _walk(self, path: Path, before: str, depth: int = 0) -> Iterator[str]:
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False) and depth < 6:
                yield from self._walk(Path(entry.path), f"{before}{entry.name}/", depth + 1)
            elif entry.is_file(follow_symlinks=False):
                yield f"{before}{entry.name}"

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        try:
            with (self._path / name).open("rb") as file:
                data = file.read(self._limits.member + 1)
        except OSError as error:
            raise MemberProblem(f"cannot be read: {error.strerror}") from error
        self._read += len(data)
        if len(data) > self._limits.member:
            raise MemberProblem(f"has more than {self._limits.member / 1e6:,.0f} MB")
        if self._read > self._limits.total:
            raise FileProblem(f"{self.name} has more than {self._limits.total / 1e6:,.0f} MB", advice="export less")
        return data

    def close(self) -> None:
        """Nothing is open."""
