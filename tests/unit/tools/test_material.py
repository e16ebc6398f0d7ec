"""What goes into a brief of a worktree: the relevant first, nothing twice, within caps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator import native
from orchestrator.agents.briefs import MAX_BRIEF_CHARACTERS, worker_brief
from orchestrator.testing import make_task, write_files
from orchestrator.tools.index import Symbols
from orchestrator.tools.material import MAX_EXCERPT_CHARACTERS, MAX_GUIDANCE_CHARACTERS, MaterialRoom

FILES = {
    "AGENTS.md": "Use tabs nowhere.\n",
    "pkg/AGENTS.md": "In pkg, raise ValueError.\n",
    "pkg/core.py": "def area(width, height):\n    return width * height\n\n\ndef unused():\n    return 1\n",
    "pkg/shop.py": "from pkg.core import area\n\n\ndef price(w, h):\n    return area(w, h) * 3\n",
    "tests/test_core.py": "from pkg.core import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n",
    "other/AGENTS.md": "Not for pkg.\n",
}
TASK = replace(make_task("t", write_set=["pkg/core.py"]), instructions="Make area refuse negative numbers.")


def test_a_task_sees_what_it_names_who_calls_it_and_its_tests(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    found = MaterialRoom(Symbols()).gather(str(tmp_path), TASK, "harden area")
    places = [(item.path, item.why) for item in found.excerpts]
    assert places[0] == ("pkg/core.py", "the task names it")
    assert ("pkg/shop.py", "calls area") in places
    assert found.excerpts[0].text.startswith("def area(width, height):")
    assert "unused" not in found.excerpts[0].text
    assert found.tests == ("tests/test_core.py",)


def test_the_nearest_guidance_comes_first_and_foreign_guidance_not_at_all(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    guidance = MaterialRoom(Symbols()).gather(str(tmp_path), TASK, "").guidance
    assert [item.path for item in guidance] == ["pkg/AGENTS.md", "AGENTS.md"]


def test_caps_hold_and_say_what_was_left_out(tmp_path: Path) -> None:
    body = "".join(f"def area{n}(a):\n" + "    a = a + 1  # one more line of work\n" * 38 + "\n\n" for n in range(40))
    write_files(tmp_path, {"AGENTS.md": "x" * 50_000, "pkg/core.py": body})
    names = " ".join(f"area{n}" for n in range(40))
    task = replace(make_task("t", write_set=["pkg/core.py"]), instructions=f"Mend {names}.")
    found = MaterialRoom(Symbols()).gather(str(tmp_path), task, "")
    assert sum(len(item.text) for item in found.excerpts) <= MAX_EXCERPT_CHARACTERS
    assert found.left_out > 0
    assert len(found.guidance[0].text) <= MAX_GUIDANCE_CHARACTERS + 60
    brief = worker_brief("m", task, material=found).text
    assert len(brief) <= MAX_BRIEF_CHARACTERS
    assert "more places are not shown" in brief


def test_a_guide_that_is_a_link_out_of_the_worktree_is_not_read(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "secret.md"
    outside.write_text("TOP SECRET")
    write_files(root, {"pkg/core.py": "x = 1\n"})
    (root / "AGENTS.md").symlink_to(outside)
    found = MaterialRoom(Symbols()).gather(str(root), TASK, "")
    assert found.guidance == ()


def test_nothing_stands_twice_and_unknown_languages_give_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"notes.txt": "area\n", "pkg/core.py": FILES["pkg/core.py"]})
    found = MaterialRoom(Symbols()).gather(str(tmp_path), TASK, "area area area")
    keys = [(item.path, item.line, item.why) for item in found.excerpts]
    assert len(keys) == len(set(keys))
    assert not any(item.path == "notes.txt" for item in found.excerpts)


def test_habits_are_learned_once_for_all_sessions_and_anew_when_files_come(tmp_path: Path, monkeypatch) -> None:
    body = "".join(f"def run_part_{n}(value):\n    return value\n\n\n" for n in range(10))
    trees = [tmp_path / name for name in ("first", "second")]
    for tree in trees:
        write_files(tree, {f"pkg/core{n}.py": body for n in range(4)})
    learned: list[str] = []
    learn = native.Conventions.learn

    class Counting:
        @staticmethod
        def learn(root: str, paths: list[str]) -> native.Conventions:
            learned.append(root)
            return learn(root, paths)

    monkeypatch.setattr(native, "Conventions", Counting)
    room = MaterialRoom(Symbols())
    habits = [room.gather(str(tree), TASK, "").habits for tree in trees]
    assert habits[0] == habits[1]
    assert any("snake_case" in sentence for sentence in habits[0])
    assert len(learned) == 1
    write_files(trees[1], {f"pkg/more{n}.py": body.replace("run_part", "runPart") for n in range(4)})
    assert not any("snake_case" in sentence for sentence in room.gather(str(trees[1]), TASK, "").habits)
    assert len(learned) == 2
