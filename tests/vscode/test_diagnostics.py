"""Findings in VS Code: once, as one types, with quick fixes."""

from __future__ import annotations

from pathlib import Path

from worlds_vscode import Open  # pyright: ignore[reportMissingImports] - beside this file

MANY = """def missing(name, names):
    return not name in names


def unset(name):
    return not name is None


def absent(a, b):
    return not a in b
"""


def test_findings_follow_what_one_types_and_are_shown_once(opened: Open) -> None:
    code = opened()
    code.open("names.py")
    code.until(lambda: len(code.findings("names.py")) == 1, "one finding")
    (found,) = code.findings("names.py")
    assert (found["source"], found["line"]) == ("orchestrator", 1)
    assert found["rule"]
    code.page.locator(".squiggly-hint, .squiggly-info, .squiggly-warning, .squiggly-error").first.wait_for()
    code.type_line(1, "    return name not in names")
    code.until(lambda: not code.findings("names.py"), "the finding is gone")
    code.type_line(1, "    return not name in names")
    code.until(lambda: len(code.findings("names.py")) == 1, "the finding is back")
    code.js(
        "await vscode.workspace.saveAll(); await vscode.commands.executeCommand('workbench.action.closeAllEditors')"
    )
    code.open("names.py")
    code.until(lambda: len(code.findings("names.py")) == 1, "one finding after it was opened again")
    code.page.wait_for_timeout(1000)
    assert len(code.findings("names.py")) == 1


def test_a_quick_fix_of_one_finding_of_a_rule_and_of_everything(opened: Open, workspace: Path) -> None:
    (workspace / "many.py").write_text(MANY)
    code = opened()
    code.open("many.py")
    code.until(lambda: len(code.findings("many.py")) == 3, "three findings")
    code.js("vscode.window.activeTextEditor.selection = new vscode.Selection(1, 13, 1, 13)")
    code.page.locator(".monaco-editor").first.click(position={"x": 200, "y": 30})
    code.js("vscode.window.activeTextEditor.selection = new vscode.Selection(1, 13, 1, 13)")
    code.page.keyboard.press("Control+.")
    menu = code.page.locator(".action-widget")
    menu.locator(".monaco-list-row", has_text="Fix: ").first.wait_for()
    assert menu.locator(".monaco-list-row", has_text="in the workspace").count() == 1
    menu.locator(".monaco-list-row", has_text="in the workspace").click()
    code.until(
        lambda: "name not in names" in code.text() and "a not in b" in code.text(), "both of the rule are mended"
    )
    code.until(lambda: len(code.findings("many.py")) == 1, "one finding is left")
    code.until(lambda: "not name is None" in code.text(), "another rule is left alone")
    code.run("fixAll")
    code.page.locator(".quick-input-list .monaco-list-row", has_text="In this file").click()
    code.until(lambda: "name is not None" in code.text(), "all is mended")
    code.until(lambda: not code.findings("many.py"), "no finding is left")


def test_fix_all_in_the_workspace_is_a_mission(opened: Open, workspace: Path) -> None:
    code = opened()
    code.run("fixAll")
    code.until(lambda: code.status() == "sealed", "the seal")
    code.until(lambda: "name not in names" in (workspace / "names.py").read_text(), "the file is written")
