"""`python -m orchestrator.daemon ROOT FD`: the server of a workspace, detached. Started by `daemon.start` alone."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Detach, then load the server and run it. What goes wrong until it listens is told through descriptor `FD`."""
    root, ready_fd = sys.argv[1], int(sys.argv[2])
    if os.fork():
        os._exit(0)
    os.setsid()
    from pathlib import Path  # noqa: PLC0415 - nothing is loaded before the fork

    from orchestrator.serving import serve_workspace  # noqa: PLC0415 - as above

    sys.exit(serve_workspace(Path(root), ready_fd))


if __name__ == "__main__":
    main()
