"""The page of a mission: whole, safe to open, and bounded."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import DeliveryMode
from orchestrator.journal.page import render_page
from orchestrator.journal.page_graph import MAX_DRAWN
from orchestrator.ports.journal import Recorded

Story = Callable[[str], list[e.Event]]
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Fails on what is not closed in order, and keeps tags and words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def accepted(text: str) -> e.MissionAccepted:
    return e.MissionAccepted("m-1", text, "/w", "builtin", DeliveryMode.APPLY, is_trusted=False, max_iterations=5)


def page(events: list[e.Event]) -> Reader:
    recorded = [Recorded(n, "m-1", 1_700_000_000.0 + 10 * n, event) for n, event in enumerate(events, 1)]
    return Reader(render_page(fold(events), [*recorded, Recorded(99, "m-2", 0.0, e.PlanRejected(7, ("alien",)))]))


def test_a_sealed_mission_is_told_whole(story: Story) -> None:
    read = page(story("m-1"))
    for words in ("sealed", "Add a *thing*", "2 of 2", "a: Write it (done)", "guardian found a secret", "src/a.py"):
        assert words in read.words
    assert "pytest -q | tee out" in read.words
    assert "alien" not in read.words
    assert read.tags.count("svg") == 2
    assert "path" in read.tags, "the fixer stands behind its task"


def test_a_mission_without_a_plan_has_no_pictures(story: Story) -> None:
    read = page(story("m-1")[:1])
    assert "svg" not in read.tags
    assert "queued" in read.words


def test_words_of_others_are_never_markup() -> None:
    evil = '</title><script>x</script><img src=x onerror="y">\x1b'
    plan = e.PlanAccepted(1, (TaskSpec(evil, evil, "w", (evil,)), TaskSpec("b", "b", "w", ("b",), depends_on=(evil,))))
    read = page([accepted(evil), e.MissionStarted(), plan])
    assert not {"script", "img"} & set(read.tags)
    assert "onerror" not in read.attributes
    assert "<script>x</script>" in read.words


def test_a_large_plan_is_drawn_in_part_and_said_so() -> None:
    tasks = tuple(TaskSpec(f"t{n}", "t", "w", (f"{n}",), depends_on=(f"t{n - 1}",) if n else ()) for n in range(500))
    read = page([accepted("x"), e.MissionStarted(), e.PlanAccepted(1, tasks)])
    assert f"{500 - MAX_DRAWN} more tasks are not drawn" in read.words
    assert read.tags.count("g") == MAX_DRAWN


def test_a_task_may_stand_before_what_it_waits_for() -> None:
    tasks = (TaskSpec("b", "b", "w", ("b",), depends_on=("a",)), TaskSpec("a", "a", "w", ("a",)))
    read = page([accepted("x"), e.MissionStarted(), e.PlanAccepted(1, tasks)])
    assert read.tags.count("g") == 2
    assert "path" in read.tags
