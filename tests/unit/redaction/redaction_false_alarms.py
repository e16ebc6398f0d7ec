"""Counts what the redaction takes out of real code and lock files, in which hardly anything is a secret.

    python tests/unit/redaction/redaction_false_alarms.py [--show] [--every N] [FOLDER …]

By default it reads the installed packages beside this interpreter and the lock files of this repository, and prints one
row for each kind of file: files, megabytes, what was taken out, how often that is for a megabyte, and the speed.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.redaction.replacing import _merged, _spans

ROOT = Path(__file__).resolve().parents[3]
SOURCE = {".py", ".pyi", ".js", ".mjs", ".ts", ".json", ".toml", ".md", ".rst", ".c", ".h", ".yml", ".cfg", ".txt"}
MAX_FILE_BYTES = 2_000_000


@dataclass
class Tally:
    """What was read of one kind of file, and what was taken out of it."""

    files: int = 0
    size_bytes: int = 0
    duration_s: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter[str])
    shown: list[str] = field(default_factory=list[str])

    @property
    def per_megabyte(self) -> float:
        """Redactions for each megabyte read."""
        return sum(self.kinds.values()) / max(self.size_bytes / 1e6, 1e-9)


def sources(folder: Path) -> Iterator[Path]:
    """The text files of known kinds below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in SOURCE and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
            yield path


def lock_files(root: Path) -> list[Path]:
    """The lock files of a repository."""
    names = ("Cargo.lock", "requirements/*.txt", "package-lock.json", "uv.lock", "**/package-lock.json")
    hidden = {"target", ".venv"}
    return sorted(
        {path for name in names for path in root.glob(name) if not hidden & set(path.parts)}
        | {*root.glob("rust/Cargo.lock")}
    )


def tally(paths: Iterable[Path]) -> Tally:
    """Redact these files."""
    total = Tally()
    for path in paths:
        data = path.read_bytes()
        began = time.perf_counter()
        spans = _merged(_spans(data, ()))
        total.duration_s += time.perf_counter() - began
        total.files += 1
        total.size_bytes += len(data)
        for span in spans:
            total.kinds[span.kind] += 1
            around = data[max(0, span.start - 40) : span.end][:140]
            total.shown.append(f"{path}: {span.kind}: {around!r}")
    return total


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="read each Nth file only")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    folders = options.folders or [Path(sysconfig.get_paths()["purelib"])]
    rows = {str(folder.name): [*sources(folder)][:: options.every] for folder in folders} | {
        "lock files": lock_files(ROOT)
    }
    for name, paths in rows.items():
        found = tally(paths)
        speed = found.size_bytes / 1e6 / max(found.duration_s, 1e-9)
        sys.stdout.write(
            f"{name}: {found.files} files, {found.size_bytes / 1e6:.1f} MB, {sum(found.kinds.values())} redacted "
            f"{dict(found.kinds)}, {found.per_megabyte:.2f} per MB, {speed:.0f} MB/s\n"
        )
        if options.show:
            sys.stdout.write("\n".join(found.shown) + "\n")


if __name__ == "__main__":
    main()
