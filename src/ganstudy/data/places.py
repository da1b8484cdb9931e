"""Where pictures lie: a folder or a zip archive, as names and open files, within bounds.

Nothing is ever extracted from an archive. Names are relative, with forward slashes; hidden files
and folders (names that begin with a dot) are passed over.
"""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, Protocol

from ganstudy.data.pictures import BrokenPictureError
from ganstudy.errors import InputError
from ganstudy.files import HARMLESS, MOST_INFLATED

Links = Literal["refuse", "follow"]
MOST_LINKED = 100_000  # folders that links lead to
MOST_DEEP = 100  # folders in each other
MOST_MEMBER = 2**29  # bytes of a file in an archive: it is read whole
LINK_REMEDY = "data.links: follow reads what links lead to"


class Place(Protocol):
    """A folder or an archive: the sorted names of its files, and of folders that are not entered;
    of both, those that links would have fetched from elsewhere, with the reason."""

    names: tuple[str, ...]
    closed: tuple[str, ...]
    blocked: dict[str, str]

    def open(self, name: str) -> IO[bytes]:
        """A file, to be read and sought in. Raises `BrokenPictureError` where it cannot be."""


def find_place(path: Path, links: Links) -> Place:
    """The folder or the .zip at `path`. Raises `InputError` where there is neither, where it cannot
    be listed, or where its links lead in a circle."""
    if path.is_dir():
        try:
            return _Folder(path, links)
        except OSError as error:
            raise InputError(f"cannot read the folder {quoted(path)}: {error}") from error
    if path.is_file() and path.suffix.lower() == ".zip":
        return _Archive(path)
    what = "is not a folder" if path.exists() else "does not exist"
    raise InputError(f"{quoted(path)} {what}; a folder of pictures is needed, or a .zip of one")


def quoted(path: Path) -> str:
    """A path for messages: names may hold newlines."""
    return repr(str(path))


class _Folder:
    """A folder of the file system.

    Links within it are followed. Those that leave it are blocked, unless `links` says otherwise:
    then they lead to files and folders anywhere, to each folder of a way only once (no circles),
    and to `MOST_LINKED` folders in all.
    """

    def __init__(self, root: Path, links: Links) -> None:
        self._root, self._inside, self._follow = root, root.resolve(), links == "follow"
        self._linked = 0
        self.blocked: dict[str, str] = {}
        self._closed: list[str] = []
        self.names = tuple(sorted(self._walk(root, "", ())))
        self.closed = tuple(self._closed)

    def _walk(self, folder: Path, prefix: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
        status = folder.stat()
        here = (status.st_dev, status.st_ino)
        if here in above:
            raise InputError(
                f"{quoted(self._root)}: {prefix[:-1]!r} is a link that leads back to a folder "
                "above it: remove it"
            )
        if len(above) > MOST_DEEP:
            raise InputError(
                f"{quoted(self._root)}: {prefix[:80]!r}… lies in more than {MOST_DEEP} folders"
            )
        with os.scandir(folder) as entries:
            visible = sorted(
                (entry for entry in entries if not entry.name.startswith(".")),
                key=lambda entry: entry.name,
            )
        for entry in visible:
            name = prefix + entry.name
            if entry.is_symlink() and (reason := self._refusal(Path(entry.path))):
                self.blocked[name] = reason
                if not _is_folder(entry):
                    yield name
                else:
                    self._closed.append(name)
            elif _is_folder(entry):
                if entry.is_symlink():
                    self._count_linked()
                yield from self._walk(Path(entry.path), f"{name}/", (*above, here))
            else:
                yield name

    def _refusal(self, link: Path) -> str | None:
        """Why a link is not followed."""
        try:
            inside = link.resolve(strict=True).is_relative_to(self._inside)
        except (OSError, RuntimeError):  # links in a circle are one or the other
            return "it is a link that leads nowhere"
        if inside or self._follow:
            return None
        return f"it is a link that leads outside the folder; {LINK_REMEDY}"

    def _count_linked(self) -> None:
        self._linked += 1
        if self._linked > MOST_LINKED:
            raise InputError(
                f"{quoted(self._root)}: more than {MOST_LINKED:,} folders are links to others"
            )

    def open(self, name: str) -> IO[bytes]:
        if name in self.blocked:
            raise BrokenPictureError(self.blocked[name])
        try:
            # A pipe would never end, neither in being opened nor in being read.
            handle = os.open(self._root / name, os.O_RDONLY | os.O_NONBLOCK)
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return os.fdopen(handle, "rb")
            os.close(handle)
        except OSError as error:
            raise BrokenPictureError(error.strerror or str(error)) from error
        raise BrokenPictureError("it is no regular file")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


class _Archive:
    """A zip. Its files are read whole, a few at a time; one folder around everything is no layer
    of its own."""

    closed: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self._path = path
        self.blocked: dict[str, str] = {}
        with self._readable():
            self._zip = zipfile.ZipFile(path)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            parts = info.filename.replace("\\", "/").split("/")  # some tools of Windows write \
            name = "/".join(part for part in parts if part not in ("", "."))
            if info.is_dir() or _is_hidden(name):
                continue
            if ".." in name.split("/"):
                raise InputError(f"{quoted(path)}: {name!r} leads outside: pack the folder anew")
            if name in self._members:
                raise InputError(f"{quoted(path)} holds {name!r} twice: pack the folder anew")
            self._members[name] = info
        self._refuse_bomb()
        around = _folder_around(list(self._members))
        self._members = {name.removeprefix(around): at for name, at in self._members.items()}
        self.names = tuple(sorted(self._members))

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # whatever zipfile makes of broken bytes
            raise InputError(f"{quoted(self._path)} is not a readable zip: {error}") from error

    def _refuse_bomb(self) -> None:
        """No picture shrinks as much as what would fill a disk does."""
        size = self._path.stat().st_size
        inflated = sum(info.file_size for info in self._members.values())
        if inflated > max(size * MOST_INFLATED, HARMLESS):
            raise InputError(
                f"{quoted(self._path)} would inflate to {inflated:,} bytes from {size:,}: no "
                "archive of pictures does"
            )

    def open(self, name: str) -> IO[bytes]:
        info = self._members[name]
        if info.file_size > MOST_MEMBER:
            raise BrokenPictureError(f"it has {info.file_size:,} bytes, more than {MOST_MEMBER:,}")
        try:
            with self._zip.open(info) as member:
                return io.BytesIO(member.read())  # no more than the archive announces
        except Exception as error:  # damaged, encrypted, packed in a way that is not known here
            reason = " ".join(str(error).split()) or type(error).__name__
            raise BrokenPictureError(reason) from error


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in name.split("/"))


def _folder_around(names: list[str]) -> str:
    """`name/` of the one folder around all files of an archive, where there are layers in it."""
    tops = {name.split("/")[0] for name in names}
    deep = any(name.count("/") > 1 or name.endswith("/dataset.json") for name in names)
    return f"{tops.pop()}/" if len(tops) == 1 and deep else ""
