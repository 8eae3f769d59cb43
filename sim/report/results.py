"""The results folder: streamed into a hidden sibling, put in its place whole when the run is over."""

import csv
import hashlib
import io
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from host_tools.unitkit.errors import SurroundingsFailed

EVENTS_HEADER = ("time_s", "source", "event", "detail")
FLUSH_CHARS = 1 << 16


class Stream:
    """A CSV file that is written row by row, with the SHA-256 of its bytes."""

    def __init__(self, path: Path, header: tuple[str, ...]):
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self._buffer = io.StringIO()
        self._csv = csv.writer(self._buffer, lineterminator="\n")
        self._csv.writerow(header)

    def row(self, fields: tuple[object, ...]) -> None:
        """One row, quoted where CSV asks for it."""
        self._csv.writerow(fields)
        if self._buffer.tell() > FLUSH_CHARS:
            self.flush()

    def line(self, text: str) -> None:
        """One row that is CSV already, with its line end: the fast way for rows of numbers."""
        if self._buffer.write(text) and self._buffer.tell() > FLUSH_CHARS:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        data = self._buffer.getvalue().encode()
        self._digest.update(data)
        self._file.write(data)
        self._file.flush()
        self._buffer.seek(0)
        self._buffer.truncate()

    def close(self) -> str:
        """Flush, close, and return the SHA-256 of the whole file in hexadecimal."""
        self.flush()
        self._file.close()
        return self._digest.hexdigest()


class Results:
    """A folder in the making. `with Results(out) as r:` write into `r.folder`, then `r.keep()`; a run that ends in an
    exception leaves nothing behind and an older result in `out` untouched."""

    def __init__(self, out: Path):
        """SurroundingsFailed when the folder's place cannot be written."""
        self.out = out = out.absolute()
        try:
            if out.exists() and not out.is_dir():
                raise SurroundingsFailed(f"{out}: is a file; --out needs a folder")
            out.parent.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        except OSError as e:
            raise SurroundingsFailed(f"{out}: the results cannot be written there: {e.strerror}") from None

    def __enter__(self) -> "Results":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise SurroundingsFailed(f"{self.out}: writing the results failed: {error.strerror or error}") from error

    def keep(self) -> None:
        """Put the folder in its place. Files of an older run are replaced, anything else in `out` is left alone."""
        self.folder.chmod(0o777 & ~_umask())
        if not self.out.exists():
            self.folder.rename(self.out)
            return
        for path in sorted(self.folder.iterdir()):
            os.replace(path, self.out / path.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
