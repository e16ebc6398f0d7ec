"""From a key to a diagnostic in a real Neovim, with this plugin and with `ruff server`, in one run.

Both are LSP clients of Neovim's own with its own pause after a key (150 ms unless a plugin says otherwise); the keys of
one are between those of the other. The clock is Neovim's.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "neovim"), str(ROOT / "tests" / "vscode"), str(ROOT / "tests" / "e2e")]

from editor import NVIM, Editor, editor, started  # noqa: E402 # pyright: ignore[reportMissingImports] - beside the tests
from worlds_vscode import end_servers  # noqa: E402 # pyright: ignore[reportMissingImports] - as above

SOURCE = "def total(prices, seen=[]):\n    return sum(prices, *seen)\n"  # both find the shared default
ROUNDS = 10
KEYS = 4
RUFF = str(Path(sys.executable).with_name("ruff"))
Row = dict[str, Any]

TYPE = """
local times = {}
for turn = 1, ... do
  local wanted = turn % 2
  local text = wanted == 1 and "def total(prices, seen=()):" or "def total(prices, seen=[]):"
  vim.wait(300)
  local begun = vim.uv.hrtime()
  vim.api.nvim_buf_set_lines(0, 0, 1, false, { text })
  assert(vim.wait(20000, function() return (#vim.diagnostic.get(0) == 0) == (wanted == 1) end, 1))
  table.insert(times, (vim.uv.hrtime() - begun) / 1e6)
end
return times
"""


def rows() -> list[Row]:
    """Both medians, and their ratio."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home = Path(name)
        os.environ["ORCHESTRATOR_STATE_DIR"] = str(home / "state")
        folder = home / "project"  # with the mark of a workspace
        (folder / ".opencode").mkdir(parents=True)
        (folder / "names.py").write_text(SOURCE)
        try:
            with ExitStack() as stack:
                ours = stack.enter_context(editor(folder))
                peer = stack.enter_context(started([NVIM, "--embed", "--headless", "--clean", "-n"], folder))
                return [_row(*_measured(folder / "names.py", ours, peer))]
        finally:
            end_servers(home / "state")


def _measured(file: Path, ours: Editor, peer: Editor) -> tuple[float, float]:
    ours.edit(file)
    peer.edit(file)
    peer.lua("vim.lsp.start({ name = 'ruff', cmd = { ..., 'server' }, root_dir = vim.fn.getcwd() })", RUFF)
    for vim in (ours, peer):
        vim.until(vim.diagnostics, "the first finding")
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(ROUNDS):
        times["ours"] += ours.lua(TYPE, KEYS)
        times["peer"] += peer.lua(TYPE, KEYS)
    return statistics.median(times["ours"]), statistics.median(times["peer"])


def _row(ours: float, peer: float) -> Row:
    return {
        "name": f"Neovim: key to diagnostic, median of {ROUNDS * KEYS}",
        "value": round(ours, 1),
        "unit": "ms",
        "peer": f"ruff server {peer:.1f}",
        "ratio": round(ours / peer, 2),
        "goal": 1.0,
        "met": ours <= peer,
    }
