"""Takes the pictures of docs/neovim.md anew: `python tests/neovim/pictures.py`. Look at them before they are kept."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "neovim"), str(ROOT / "tests" / "vscode"), str(ROOT / "tests" / "e2e")]

from pictures_of_a_shop import CART, shop  # noqa: E402 # pyright: ignore[reportMissingImports] - beside VS Code's tests
from rich.console import Console  # noqa: E402 - after the paths
from rich.text import Text  # noqa: E402 - as above
from tmux_terminal import Terminal, neovim_in  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from worlds_vscode import end_servers  # noqa: E402 # pyright: ignore[reportMissingImports] - as above

TARGET = ROOT / "docs" / "pictures"


def main() -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home = Path(name)
        os.environ["ORCHESTRATOR_STATE_DIR"] = str(home / "state")
        folder, script = shop(home / "shop")
        (folder / "names.py").write_text(CART)
        terminal = neovim_in(folder, home, script)
        try:
            terminal.type(":lua vim.diagnostic.config({virtual_text = true})", "Enter")
            terminal.shows("shared between all calls")
            take(terminal, "findings")
            terminal.type(":Task Build a REST API with authentication", "Enter")
            terminal.shows("mission started")
            terminal.type(":TaskStatus", "Enter")
            terminal.shows("▸ routes", "3 of 5")
            take(terminal, "mission")
        finally:
            terminal.end()
            end_servers(home / "state")


def take(terminal: Terminal, name: str) -> None:
    """What stands on the screen, with its colours, as a drawing that needs no font from elsewhere."""
    console = Console(record=True, width=110, file=StringIO())
    console.print(Text.from_ansi(terminal.screen("-e")))
    drawn = console.export_svg(title="Neovim")
    (TARGET / f"neovim-{name}.svg").write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))


if __name__ == "__main__":
    main()
