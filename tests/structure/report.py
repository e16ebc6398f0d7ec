"""The table, the page and the plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiment import Verdict

DOCS = Path(__file__).parents[2] / "docs"
_COLUMNS = (
    "p",
    "tasks",
    "solved, one shot",
    "solved, orchestrator",
    "where visible tests suffice",
    "sealed",
    "false claims, one shot",
    "false seals",
    "by tampering",
    "tokens a task, one shot",
    "tokens a task, orchestrator",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One competence (None for a real model): the verdicts of both ways, task by task."""

    p: float | None
    single: tuple[Verdict, ...]
    many: tuple[Verdict, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON data."""
        return asdict(self)

    @property
    def cost(self) -> float:
        """The orchestrator's tokens over those of one shot."""
        return _mean(self.many, lambda v: v.tokens) / max(_mean(self.single, lambda v: v.tokens), 1.0)

    def solved_where(self, enough: AbstractSet[str]) -> float | None:
        """The share of tasks that the orchestrator solved, of those whose visible tests suffice."""
        found = [verdict for verdict in self.many if verdict.task in enough]
        return _mean(found, lambda v: v.is_solved) if found else None


def table(lines: Sequence[Line], enough: AbstractSet[str]) -> str:
    """All lines in Markdown."""
    head, rule = f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS)
    return "\n".join([head, rule, *(_row(line, enough) for line in lines)])


def _row(line: Line, enough: AbstractSet[str]) -> str:
    within = line.solved_where(enough)
    cells = [
        "real" if line.p is None else f"{line.p:g}",
        str(len(line.many)),
        f"{_mean(line.single, lambda v: v.is_solved):.2f}",
        f"{_mean(line.many, lambda v: v.is_solved):.2f}",
        "-" if within is None else f"{within:.2f}",
        f"{_mean(line.many, lambda v: v.is_claimed):.2f}",
        f"{_mean(line.single, lambda v: v.is_false):.2f}",
        f"{_mean(line.many, lambda v: v.is_false):.2f}",
        str(sum(verdict.is_tampered for verdict in line.many)),
        f"{_mean(line.single, lambda v: v.tokens):,.0f}",
        f"{_mean(line.many, lambda v: v.tokens):,.0f}",
        f"{line.cost:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _mean(verdicts: Sequence[Verdict], of: Callable[[Verdict], float]) -> float:
    return sum(of(verdict) for verdict in verdicts) / max(len(verdicts), 1)


def plot(lines: Sequence[Line]) -> str:
    """Solved over competence, both ways, as SVG."""
    points = [line for line in lines if line.p is not None]
    single = [(line.p or 0.0, _mean(line.single, lambda v: v.is_solved)) for line in points]
    many = [(line.p or 0.0, _mean(line.many, lambda v: v.is_solved)) for line in points]
    wrong = [(line.p or 0.0, _mean(line.many, lambda v: v.is_false)) for line in points]
    grid = "".join(_rule(share) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    ticks = "".join(f'<text x="{_x(p)}" y="338" text-anchor="middle">{p:g}</text>' for p, _ in many)
    curves = "".join(
        _curve(values, colour, name, at)
        for at, (values, colour, name) in enumerate(
            (
                (many, "#0a6", "orchestrator: solved"),
                (single, "#c50", "one shot: solved"),
                (wrong, "#888", "false seals"),
            )
        )
    )
    words = "chance that one try is right (simulated)"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 370" font-family="sans-serif" font-size="12">'
        f'<rect width="600" height="370" fill="#fff"/>{grid}{ticks}{curves}'
        f'<text x="310" y="360" text-anchor="middle">{words}</text></svg>\n'
    )


def _rule(share: float) -> str:
    label = f'<text x="52" y="{_y(share) + 4}" text-anchor="end">{share:g}</text>'
    return f'<path d="M60 {_y(share)}H560" stroke="#ddd"/>{label}'


def _curve(values: Sequence[tuple[float, float]], colour: str, name: str, at: int) -> str:
    line = " ".join(f"{_x(p)},{_y(share)}" for p, share in values)
    dots = "".join(f'<circle cx="{_x(p)}" cy="{_y(share)}" r="3" fill="{colour}"/>' for p, share in values)
    label = f'<text x="{80 + 170 * at}" y="12" fill="{colour}">{name}</text>'
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}{label}'


def _x(p: float) -> float:
    return round(60 + (p - 0.25) / 0.8 * 500, 1)


def _y(share: float) -> float:
    return round(320 - share * 300, 1)


def page(lines: Sequence[Line], enough: AbstractSet[str], seed: int) -> str:
    """The whole page."""
    text = Path(__file__).with_name("page.md").read_text()
    count = len(lines[0].many)
    return (
        text.replace("{table}", table(lines, enough))
        .replace("{seed}", str(seed))
        .replace("{count}", str(count))
        .replace("{enough}", str(len(enough)))
    )
