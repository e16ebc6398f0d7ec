"""A person's edits of `todo.md`: by id, nothing lost, unknown lines word for word."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain import revision, todo
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.todo_edits import TodoText, edits, parse
from orchestrator.domain.words import TaskStatus


def mission_of(*ids: str, done: str = "") -> Mission:
    tasks = {name: Task(TaskSpec(name, f"Do {name}", "why", (f"{name}.py",))) for name in ids}
    for name in done.split():
        tasks[name].status = TaskStatus.DONE
    return Mission(id="m-1", text="Build it", plan_version=1, tasks=tasks)


def read(mission: Mission, text: str) -> TodoText:
    return parse(text, mission.tasks.keys(), todo.header(mission))


def changed(mission: Mission, change: Callable[[str], str]) -> list[PlanEdit]:
    before = todo.render(mission)
    after = change(before)
    assert after != before, "the test changes nothing"
    return edits(read(mission, before), read(mission, after), mission.tasks.keys())


def test_marks_are_commands() -> None:
    mission = mission_of("a", "b", "c", done="c")
    found = changed(
        mission,
        lambda text: text.replace("[ ] a:", "[X] a:").replace("[ ] b:", "[-] b:").replace("[x] c:", "[ ] c:"),
    )
    assert found == [PlanEdit(EditKind.TICK, "a"), PlanEdit(EditKind.STRIKE, "b"), PlanEdit(EditKind.REOPEN, "c")]


def test_an_unknown_mark_counts_as_open() -> None:
    mission = mission_of("a", "b", done="b")
    assert changed(mission, lambda text: text.replace("[ ] a:", "[?] a:").replace("[x] b:", "[!] b:")) == [
        PlanEdit(EditKind.REOPEN, "b")
    ]


def test_tasks_are_known_by_id_not_by_a_part_of_their_words() -> None:
    mission = mission_of("api", "api-docs", "docs")
    assert changed(mission, lambda text: text.replace("[ ] docs:", "[x] docs:")) == [PlanEdit(EditKind.TICK, "docs")]


def test_a_new_line_is_a_new_task_where_it_stands() -> None:
    mission = mission_of("a", "b")
    added = "- [ ] Write the changelog — CHANGELOG.md, docs/\n"
    assert changed(mission, lambda text: text.replace("- [ ] b:", added + "- [ ] b:")) == [
        PlanEdit(
            EditKind.ADD,
            "write-the-changelog",
            title="Write the changelog",
            write_set=("CHANGELOG.md", "docs/"),
            after_id="a",
        )
    ]


def test_a_copied_line_is_a_task_of_its_own() -> None:
    mission = mission_of("a")
    line = "- [ ] a: Do a — a.py\n"
    (edit,) = changed(mission, lambda text: text + line)
    assert (edit.kind, edit.task_id, edit.write_set) == (EditKind.ADD, "a-2", ("a.py",))


def test_an_indented_line_becomes_a_part() -> None:
    mission = mission_of("a", "b", "c")
    assert changed(mission, lambda text: text.replace("- [ ] c:", "  - [ ] c:")) == [
        PlanEdit(EditKind.MOVE, "c", group_id="b")
    ]


def test_a_renamed_line_and_one_without_a_write_set() -> None:
    mission = mission_of("a")
    assert changed(mission, lambda text: text.replace("a: Do a —", "a: Do it better —")) == [
        PlanEdit(EditKind.RETITLE, "a", title="Do it better")
    ]
    assert changed(mission, lambda text: text + "- [x] ../.. — ../x\n- [-] \u00fc\n") == [
        PlanEdit(EditKind.ADD, "task", title="../..", after_id="a"),
        PlanEdit(EditKind.TICK, "task"),
        PlanEdit(EditKind.ADD, "task-2", title="\u00fc", after_id="task"),
        PlanEdit(EditKind.STRIKE, "task-2"),
    ]


def test_a_moved_line_is_one_move() -> None:
    mission = mission_of("a", "b", "c", "d")

    def move_d_up(text: str) -> str:
        lines = text.splitlines()
        lines.insert(4, lines.pop())
        return "\n".join(lines) + "\n"

    assert changed(mission, move_d_up) == [PlanEdit(EditKind.MOVE, "d")]


def test_a_deleted_line_comes_back_and_half_a_file_does_nothing() -> None:
    mission = mission_of("a", "b", "c")
    assert changed(mission, lambda text: text.replace("- [ ] b: Do b — b.py\n", "")) == []
    assert changed(mission, lambda text: text[: len(text) // 2]) == []
    assert changed(mission, lambda _: "") == []


def test_a_persons_own_lines_are_kept_word_for_word() -> None:
    mission = mission_of("a", "b")
    text = todo.render(mission)
    own = "\tmy note: [x] is not a task\r\n\n> quoted\n* a list without a box\n"
    text = text.replace("- [ ] b:", own + "- [ ] b:").replace("# Build it\n", "# Build it\nfirst of all\n")
    kept = read(mission, text).kept
    assert kept == {"": ["first of all"], "a": own.removesuffix("\n").split("\n")}
    again = todo.render(mission, kept)
    assert own in again
    assert read(mission, again).kept == kept


def test_what_was_not_taken_is_said_once() -> None:
    mission = mission_of("a")
    text = todo.render(mission, {}, ["strike a: task a is running; stop it first"])
    assert "> not taken: strike a: task a is running; stop it first" in text
    assert read(mission, text).kept == {}


lines = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30).filter(
    lambda line: not line.startswith(todo.REFUSED_MARK)
)


@given(st.lists(st.tuples(st.integers(0, 4), lines), max_size=8))
def test_any_line_without_a_box_survives(own: list[tuple[int, str]]) -> None:
    mission = mission_of("a", "b", "c", "d")
    kept: dict[str, list[str]] = {}
    for place, line in own:
        kept.setdefault(("", "a", "b", "c", "d")[place], []).append(line)
    text = todo.render(mission, kept)
    parsed = read(mission, text)
    if len(parsed.tasks) == 4:  # no line happened to have a box
        assert todo.render(mission, parsed.kept) == text
    assert edits(read(mission, text), read(mission, text), mission.tasks.keys()) == []


@pytest.mark.parametrize("seed", range(40))
def test_the_edits_make_the_list_that_the_person_wrote(seed: int) -> None:
    """Shuffle and indent at random: after the edits, the file is what was written."""
    chance = random.Random(seed)  # noqa: S311 - a seeded shuffle
    mission = mission_of(*(f"t{n}" for n in range(9)))
    text = todo.render(mission)
    head, rows = text.splitlines()[:4], [line.strip() for line in text.splitlines()[4:]]
    chance.shuffle(rows)
    depth, wanted = 0, list[str]()
    for index, row in enumerate(rows):
        depth = 0 if index == 0 else chance.randint(0, min(depth + 1, 4))
        wanted.append("  " * depth + row)
    now = read(mission, "\n".join([*head, *wanted]) + "\n")
    found = edits(read(mission, text), now, mission.tasks.keys())
    for edit in found:
        assert revision.check(mission, [edit]) is None, (edit, wanted)
        revision.apply(mission, [edit])
    assert todo.render(mission).splitlines()[4:] == wanted


def test_every_rule_of_a_revision_refuses_with_its_code() -> None:
    mission = mission_of("a", "b", "c", done="c")
    mission.tasks["c"].merged_to = "f" * 40
    mission.tasks["f"] = Task(TaskSpec("f", "Fix a", "why", ("a.py",)), parent_id="a")

    def code(*wanted: PlanEdit) -> str:
        problem = revision.check(mission, wanted)
        return problem.code if problem else ""

    assert code() == "empty_revision"
    assert code(*[PlanEdit(EditKind.TICK, "a")] * 1_001) == "revision_too_large"
    assert code(PlanEdit(EditKind.ADD, "a", title="again")) == "duplicate_id"
    assert code(PlanEdit(EditKind.ADD, "n", title="n", write_set=("../x",))) == "bad_path"
    assert code(PlanEdit(EditKind.ADD, "n", title="n", after_id="zz")) == "unknown_task"
    assert code(PlanEdit(EditKind.ADD, "n")) == "no_title"
    assert code(PlanEdit(EditKind.ADD, "n", title="n", depends_on=("zz",))) == "unknown_dependency"
    assert code(PlanEdit(EditKind.TICK, "zz")) == "unknown_task"
    assert code(PlanEdit(EditKind.TICK, "c")) == "task_closed"
    assert code(PlanEdit(EditKind.STRIKE, "f")) == "task_is_fixer"
    assert code(PlanEdit(EditKind.REOPEN, "a")) == "task_not_closed"
    assert code(PlanEdit(EditKind.RETITLE, "a", title=" ")) == "no_title"
    assert code(PlanEdit(EditKind.MOVE, "a", after_id="a")) == "bad_place"
    assert code(PlanEdit(EditKind.MOVE, "b", group_id="a"), PlanEdit(EditKind.ADD, "n", title="n", group_id="f")) == (
        "bad_place"
    )
    mission.tasks["b"].group_id = "a"
    assert code(PlanEdit(EditKind.MOVE, "a", group_id="b")) == "bad_place"
    assert code(PlanEdit(EditKind.ADD, "n", title="n", depends_on=("b",), group_id="a")) == ""
