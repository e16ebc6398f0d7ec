"""What the pictures of the documentation show: a small shop with findings, and a mission in it."""

from __future__ import annotations

from pathlib import Path

from harness import Plan  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from worlds_vscode import FIXED, new_workspace  # pyright: ignore[reportMissingImports] - beside this file

BROKEN = "def broken(:\n"
CART = """def total(prices, seen=[]):
    for price in prices:
        seen.append(price)
    try:
        return sum(seen)
    except Exception:
        pass


def missing(name, names):
    return not name in names
"""


def shop(folder: Path) -> tuple[Path, str]:
    """A workspace, and the host of a mission with four tasks in it, one of them refused at first."""
    new_workspace(folder)
    plan = Plan()
    plan.task("auth", "auth.py", work=[_write("auth.py", BROKEN), _write("auth.py", "TOKEN = 1\n")])
    plan.task("names", "names.py", work=_write("names.py", FIXED))
    plan.task("routes", "routes.py", work=_write("routes.py", "ROUTES = 1\n", 60), depends_on=["auth"])
    plan.task("docs", "api.md", work=_write("api.md", "# API\n"), depends_on=["routes"])
    titles = {"auth": "Check tokens", "names": "Mend the lookup", "routes": "Routes of the API", "docs": "Describe it"}
    for task in plan.tasks:
        task["title"] = titles[task["id"]]
    return folder, plan.save(folder.parent, f"{folder.name}.json")


def _write(path: str, content: str, duration_s: float = 0.1) -> dict[str, object]:
    return {"duration_s": duration_s, "actions": [{"write": {"path": path, "content": content}}]}
