"""`python -m orchestrator` is the command line."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; what editors start comes first and loads next to nothing."""
    if sys.argv[1:] == ["serve"] and os.name != "nt":
        from orchestrator.daemon.proxy import run  # noqa: PLC0415 - only what is needed is loaded

        sys.exit(run())
    from orchestrator.cli import main as command_line  # noqa: PLC0415 - as above

    command_line()


if __name__ == "__main__":
    main()
