"""What the extension costs in a real VS Code: its activation, its size, and from a key to what Problems shows.

The clock is the extension host's own. Activation includes reading and compiling the bundle; each is in a new window
that has started all else, before anything has needed the extension. The first window of a new home is left out: it
shows VS Code's own welcome, which needs the extension. A key is an edit of the open text that makes a finding or takes
it away; it ends when the finding can be read. VS Code tells listeners of that 50 ms later, with what else came
meanwhile.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "vscode"), str(ROOT / "tests" / "e2e")]

from code_server import (  # noqa: E402 # pyright: ignore[reportMissingImports] - beside the tests
    CODE_SERVER,
    VSIX,
)
from window import Window  # noqa: E402 # pyright: ignore[reportMissingImports] - as above
from worlds_vscode import SOURCE, alone  # noqa: E402 # pyright: ignore[reportMissingImports] - as above

WINDOWS = 5
SETTLED_MS = 4_000  # after this a window starts no other extension
KEYS = 40
Row = dict[str, Any]

ACTIVATE = "const begun = performance.now(); await ours().activate(); return performance.now() - begun"
TYPE = """
const editor = vscode.window.activeTextEditor, uri = editor.document.uri, times = [];
const shown = () => vscode.languages.getDiagnostics(uri).length;
for (let turn = 0; turn < args[0]; turn++) {
  const wanted = turn % 2, text = wanted ? "    return not name in names" : "    return name not in names";
  await new Promise((resolve) => setTimeout(resolve, 150));
  const begun = performance.now();
  await editor.edit((edit) => edit.replace(editor.document.lineAt(1).range, text));
  while (shown() !== wanted) await new Promise(setImmediate);
  times.push(performance.now() - begun);
}
return times;
"""


def rows() -> list[Row]:
    """Needs VS Code: `make test-editors` installs it."""
    if not CODE_SERVER.exists():
        raise FileNotFoundError("VS Code is not installed: make test-editors")
    with alone() as (code, browser, home):
        Window(code, browser, _plain(home, WINDOWS)).close()
        activations = [_activation(Window(code, browser, _plain(home, turn))) for turn in range(WINDOWS)]
        keys = _keys(Window(code, browser, _coded(home)))
    return [
        _row(
            "VS Code: activation in the extension host, median of 5 windows", statistics.median(activations), "ms", 50
        ),
        _row("VS Code: key to Problems, median", statistics.median(keys), "ms", 50),
        _row("VS Code: size of the .vsix", VSIX.stat().st_size / 1024, "KiB", 300),
    ]


def _row(name: str, value: float, unit: str, goal: float) -> Row:
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": goal, "met": value < goal}


def _plain(home: Path, turn: int) -> Path:
    """A folder in which nothing needs the extension."""
    folder = home / f"plain{turn}"
    folder.mkdir()
    return folder


def _coded(home: Path) -> Path:
    folder = home / "coded"
    folder.mkdir()
    (folder / "names.py").write_text(SOURCE)
    return folder


def _activation(window: Window) -> float:
    try:
        window.page.wait_for_timeout(SETTLED_MS)
        assert window.js("return ours().isActive") is False
        return float(window.js(ACTIVATE))
    finally:
        window.close()


def _keys(window: Window) -> list[float]:
    window.open("names.py")
    window.until(lambda: len(window.findings("names.py")) == 1, "the server is there")
    return [float(ms) for ms in window.js(TYPE, KEYS)]
