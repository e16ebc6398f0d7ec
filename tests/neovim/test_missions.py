"""Missions as one runs them from Neovim: started, watched, asked about, stopped, undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conftest import SOURCE  # pyright: ignore[reportMissingImports] - beside this file
from editor import Editor  # pyright: ignore[reportMissingImports] - beside this file
from harness import Plan  # pyright: ignore[reportMissingImports] - beside this file

Open = Callable[..., Editor]
FIXED = SOURCE.replace("not name in names", "name not in names")


def test_from_words_to_seal_and_back(opened: Open, workspace: Path) -> None:
    vim = opened()
    vim.edit(workspace / "names.py")
    vim.command("Task fix all style findings")
    vim.hears("mission started: fix all style findings")
    vim.until(lambda: vim.status() == "sealed", "the seal")
    vim.hears("sealed: fix all style findings; 1 file written")
    vim.until(lambda: vim.text() + "\n" == FIXED, "the buffer follows the file")
    vim.command("TaskStatus")
    vim.shows("✓ tests  clean")
    vim.shows("delivered:")
    vim.command("close")
    vim.command("TaskDiff")
    vim.shows("+    return name not in names")
    vim.command("close")
    vim.command("TaskLog")
    vim.shows("committed: names.py")
    vim.command("close")
    vim.command("TaskSummary")
    vim.shows("fix all style findings")
    vim.command("close")
    vim.command("TaskUndo")
    vim.hears("undone: 1 file(s)")
    vim.until(lambda: vim.text() + "\n" == SOURCE, "the former text")
    assert (workspace / "names.py").read_text() == SOURCE


def slow(workspace: Path, **more: object) -> dict[str, object]:
    """A mission of two tasks that take their time, as options of the plugin's."""
    plan = Plan()
    for name in ("one", "two"):
        work = {"duration_s": 60, "actions": [{"write": {"path": f"{name}.py", "content": "A = 1\n"}}]}
        plan.task(name, f"{name}.py", work=work)
    return {"host": plan.save(workspace), **more}


def test_a_mission_is_watched_live_held_and_stopped(opened: Open, workspace: Path) -> None:
    vim = opened(more=slow(workspace))
    vim.command("Task write two modules")
    vim.until(lambda: vim.status() == "running", "the mission runs")
    vim.until(lambda: vim.lua('return require("orchestrator").statusline()') == "running 0/2", "the status line")
    vim.command("TaskStatus")
    vim.shows("▸ one  one")
    vim.shows("0 of 2")
    mission = vim.lua('return require("orchestrator.missions").newest().id')
    assert vim.lua('return vim.fn.getcompletion("TaskSteer ", "cmdline")') == [mission, "one", "two"]
    assert vim.lua('return vim.fn.getcompletion("TaskLog " .. ... .. " t", "cmdline")', mission) == ["two"]
    vim.command("TaskSteer one use capitals")
    vim.hears("one is told at its next step")
    vim.command("TaskPause two")
    vim.hears("two is held")
    vim.shows("‖ two")
    vim.command("TaskResume two")
    vim.shows("▸ two")
    vim.command("TaskStop")
    vim.hears("stopped: write two modules")
    vim.shows("stopped  on scripted")
    vim.until(lambda: vim.lua('return require("orchestrator").statusline()') == "", "nothing under way")
    vim.command("TaskRetry")
    vim.hears("tried again: write two modules")
    vim.until(lambda: vim.status() == "running", "it runs again")
    vim.command("TaskStop")
    vim.until(lambda: vim.status() == "stopped", "it is stopped again")


def test_a_plan_waits_until_it_is_approved(opened: Open, workspace: Path) -> None:
    plan = Plan().task("one", "names.py", work={"actions": [{"write": {"path": "names.py", "content": FIXED}}]})
    vim = opened(more={"host": plan.save(workspace), "approval": "plan"})
    vim.command("Task mend the module")
    vim.hears("waits for you")
    assert vim.lua('return require("orchestrator").statusline()').endswith("?1")
    vim.lua("vim.ui.select = function(items, options, chosen) _G.asked = options.prompt chosen(items[1]) end")
    vim.command("TaskApprove")
    vim.until(lambda: vim.status() == "sealed", "the seal")
    assert "plan" in vim.lua("return _G.asked").lower()
    vim.command("TaskApprove allow")
    vim.hears("nothing waits for an answer")


def test_lines_of_a_file_are_the_context_of_a_mission(opened: Open, workspace: Path) -> None:
    vim = opened()
    vim.edit(workspace / "names.py")
    vim.command("1,2Task fix all style findings")
    vim.until(lambda: vim.status() == "sealed", "the seal")
    events = vim.lua("""
      local found
      local client = require("orchestrator.client")
      client.request(client.running(), "mission/events", {limit = 1}, function(result) found = result end)
      vim.wait(5000, function() return found end, 5)
      return found.events[1].data
    """)
    assert events["context"] == ["names.py:1-2"]


def test_a_mission_stays_when_its_editor_is_killed(opened: Open, workspace: Path) -> None:
    vim = opened(more=slow(workspace))
    vim.command("Task write two modules")
    vim.until(lambda: vim.status() == "running", "the mission runs")
    vim.kill()
    again = opened()
    again.command("TaskStatus")
    again.shows("▸ one  one")
    assert again.status() == "running"
    again.command("TaskStop")
    again.hears("stopped: write two modules")


def test_commands_say_what_is_wrong(opened: Open, workspace: Path) -> None:
    vim = opened()
    vim.command("TaskStop")
    vim.hears("there is no mission here; :Task starts one")
    vim.command("TaskStop m-000000000000")
    vim.hears("m-000000000000")
    vim.command("TaskSteer one")
    vim.hears("there is no mission here")
    vim.command("Task host must be known")
    vim.until(lambda: vim.status() not in {"", "queued", "planning", "running"}, "the end")
    vim.command("TaskApprove maybe")
    vim.hears(":TaskApprove [allow|always|deny]")
