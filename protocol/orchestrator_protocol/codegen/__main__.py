"""`python -m orchestrator_protocol.codegen`: writes the generated files into the repository that is the folder."""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator_protocol.codegen.documents import documents, stale


def main() -> None:
    """Write what changed, remove what nothing writes any more, and name both."""
    root = Path.cwd()
    wanted = documents(root)
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(root)}\n")
    for path in stale(root, wanted):
        path.unlink()
        sys.stdout.write(f"removed {path.relative_to(root)}\n")


if __name__ == "__main__":
    main()
