"""Missions as one runs them in VS Code: started, watched, asked about, stopped, undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import Plan  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from window import Window  # pyright: ignore[reportMissingImports] - beside this file
from worlds_vscode import FIXED, SOURCE, Open, begun, slow  # pyright: ignore[reportMissingImports] - beside this file


def test_from_the_palette_to_the_seal_and_back(opened: Open, workspace: Path) -> None:
    code = opened()
    code.open("names.py")
    code.palette("Orchestrator: Start Mission")
    code.answer("Start a mission", "fix all style findings")
    code.until(lambda: code.status() == "sealed", "the seal")
    toast = code.toast("sealed: fix all style findings; 1 file written")
    code.until(lambda: code.text() == FIXED, "the editor follows the file")
    rows = code.tree()
    assert [row.split(" — ")[0] for row in rows] == [
        "fix all style findings",
        "  Plan",
        "  Work",
        "    Fix style findings in names.py",
        "  Checks",
        "    tests",
        "  Delivery",
    ]
    assert "done · worker on builtin · " in rows[3]
    assert "clean · " in rows[5]
    code.row("Fix style findings in names.py")
    toast.get_by_role("button", name="Summary").click()
    frame = code.page.frame_locator("iframe.webview").frame_locator("iframe")
    frame.locator("h1", has_text="fix all style findings").wait_for()
    code.run("diff")
    code.until(
        lambda: code.js("return vscode.window.tabGroups.activeTabGroup.activeTab.input?.modified") is not None, "a diff"
    )
    both = code.js(
        "const {original, modified} = vscode.window.tabGroups.activeTabGroup.activeTab.input;"
        "const text = async (uri) => (await vscode.workspace.openTextDocument(uri)).getText();"
        "return Promise.all([original, modified].map(text))"
    )
    assert both == [SOURCE, FIXED]
    code.run("log")
    code.until(lambda: "committed: names.py" in code.text(), "the log")
    code.palette("Orchestrator: Undo")
    code.page.locator(".monaco-dialog-box").get_by_role("button", name="Undo").click()
    code.until(lambda: (workspace / "names.py").read_text() == SOURCE, "the former text")
    code.until(lambda: code.tree()[-1] == "  Delivery — undone", "the view says so")


def test_a_mission_is_watched_held_steered_and_cancelled(opened: Open, workspace: Path) -> None:
    code = opened(host=slow(workspace))
    begun(code, "write two modules")
    code.row("one")
    code.page.locator(".statusbar-item", has_text="Mission running 0/2").wait_for()
    code.act("one", "Pause")
    code.until(lambda: code.has_row("    one — paused"), "the task is held")
    code.act("one", "Resume")
    code.until(lambda: code.has_row("    one — running"), "the task goes on")
    code.palette("Orchestrator: Steer Task")
    code.page.locator(".quick-input-list .monaco-list-row", has_text="two").first.click()
    code.answer("Steer two", "use capitals")
    code.until(
        lambda: [event["data"]["text"] for event in events(code, "task.steered")] == ["use capitals"], "the words"
    )
    code.toast("write two modules").get_by_role("button", name="Cancel").click()
    code.until(lambda: code.status() == "stopped", "it is stopped")
    code.toast("stopped: write two modules")
    code.run("retry")
    code.until(lambda: code.status() == "running", "it runs again")
    code.act("write two modules", "Stop")
    code.until(lambda: code.status() == "stopped", "it is stopped again")


def events(code: Window, kind: str) -> list[dict[str, Any]]:
    """The events of one type of the newest mission."""
    return code.js(
        "const {connections, missions} = ours().exports;"
        "const {events} = await connections.ready()[0].request('mission/events', {missionId: missions.newest().id});"
        "return events.filter((event) => event.type === args[0])",
        kind,
    )


def test_a_plan_waits_until_it_is_approved_without_what_was_unticked(opened: Open, workspace: Path) -> None:
    plan = Plan()
    plan.task("one", "names.py", work={"actions": [{"write": {"path": "names.py", "content": FIXED}}]})
    plan.task("other", "other.py", work={"actions": [{"write": {"path": "other.py", "content": "A = 1\n"}}]})
    code = opened(host=plan.save(workspace), approval="plan")
    code.run("start", "mend the module")
    toast = code.toast("mend the module: ")
    code.page.locator(".statusbar-item", has_text="Mission waits for you").wait_for()
    code.until(lambda: code.has_row("  Plan — version 1 · waits for you"), "the plan in the view")
    toast.get_by_role("button", name="Review Plan").click()
    rows = code.page.locator(".quick-input-list .monaco-list-row")
    rows.filter(has_text="other").first.wait_for()
    rows.filter(has_text="other").first.click()
    code.page.keyboard.press("Enter")
    code.until(lambda: code.status() == "sealed", "the seal")
    code.until(lambda: (workspace / "names.py").read_text() == FIXED, "the file is written")
    assert not (workspace / "other.py").exists()
    code.until(lambda: code.has_row("    other — struck"), "what was unticked is struck")
    code.run("approve")
    code.toast("Nothing waits for an answer.")


def test_a_mission_asks_and_is_answered(opened: Open, workspace: Path) -> None:
    settings = workspace / ".opencode" / "orchestrator.jsonc"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "budget": {"tool_calls": 1}}))
    writes = [{"write": {"path": "one.py", "content": f"A = {number}\n"}} for number in range(4)]
    code = opened(host=Plan().task("one", "one.py", work={"actions": writes}).save(workspace))
    code.run("start", "write a module")
    toast = code.toast("write a module: ")
    toast.get_by_role("button", name="Deny").click()
    code.until(lambda: code.status() == "failed", "the mission ends")
    code.toast("failed: write a module")
    assert not (workspace / "one.py").exists()


def test_a_mission_offers_to_save_what_is_not_and_waits_for_the_word(opened: Open, workspace: Path) -> None:
    code = opened()
    code.open("test_names.py")
    code.type_line(0, "from names import missing  # mine")
    code.run("start", "fix all style findings")
    dialog = code.page.locator(".monaco-dialog-box", has_text="Not saved: test_names.py")
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="detached")
    assert code.status() == ""
    code.run("start", "fix all style findings")
    dialog.get_by_role("button", name="Save All").click()
    code.until(lambda: code.status() == "sealed", "the seal")
    assert (workspace / "test_names.py").read_text().startswith("from names import missing  # mine\n")


def test_selected_lines_are_the_context_of_a_mission(opened: Open, workspace: Path) -> None:
    code = opened()
    code.open("names.py")
    code.js("vscode.window.activeTextEditor.selection = new vscode.Selection(0, 0, 1, 5)")
    code.run("startWithSelection")
    code.answer("About names.py:1-2", "fix all style findings")
    code.until(lambda: code.status() == "sealed", "the seal")
    (event,) = events(code, "mission.accepted")
    assert event["data"]["context"] == ["names.py:1-2"]


@pytest.mark.slow
def test_a_mission_stays_when_its_editor_is_killed(opened: Open, workspace: Path) -> None:
    code = opened(host=slow(workspace))
    begun(code, "write two modules")
    code.kill()
    again = opened()
    again.until(lambda: again.has_row("    one — running · worker on scripted"), "the task in the view")
    assert again.status() == "running"
    again.page.locator(".statusbar-item", has_text="Mission running 0/2").wait_for()
    again.palette("Orchestrator: Stop")
    again.toast("stopped: write two modules")
