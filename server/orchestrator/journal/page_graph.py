"""The task graph of a mission as an SVG picture: tasks in layers from left to right, an arrow for each dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from orchestrator.domain.mission import Task

MAX_DRAWN = 200
"""Most tasks in the picture; what is left out is said below it."""
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 190, 40, 60, 14
_TITLE_CHARS = 26


def draw_graph(tasks: Mapping[str, Task]) -> str:
    """The picture; "" for no tasks. A fixer stands behind the task that it mends."""
    drawn = dict(list(tasks.items())[:MAX_DRAWN])
    if not drawn:
        return ""
    layers = _layers({name: _sources(task, drawn) for name, task in drawn.items()})
    places = {
        name: (x * (_WIDTH + _GAP_X) + 4, y * (_HEIGHT + _GAP_Y) + 4)
        for x, layer in enumerate(layers)
        for y, name in enumerate(layer)
    }
    width = len(layers) * (_WIDTH + _GAP_X) - _GAP_X + 8
    height = max(map(len, layers)) * (_HEIGHT + _GAP_Y) - _GAP_Y + 8
    arrows = [_arrow(places[source], places[name]) for name, task in drawn.items() for source in _sources(task, drawn)]
    boxes = [_box(task, *places[name]) for name, task in drawn.items()]
    left = len(tasks) - len(drawn)
    more = f"<p>{left} more tasks are not drawn; the table has them.</p>" if left else ""
    return (
        f'<svg role="img" aria-label="task graph" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"{''.join(arrows)}{''.join(boxes)}</svg>{more}"
    )


def _sources(task: Task, drawn: Mapping[str, Task]) -> list[str]:
    names = [*task.spec.depends_on, *([task.parent_id] if task.parent_id else [])]
    return [name for name in dict.fromkeys(names) if name in drawn]


def _layers(sources: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each task in the layer behind its last source, layers ordered by the mean place of what their tasks depend on.

    (Sugiyama, Tagawa, Toda 1981: longest-path layering and one barycentre pass.)
    """
    depth: dict[str, int] = {}
    for name in sources:
        _measure(name, sources, depth)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in sources:
        layers[depth[name]].append(name)
    place: dict[str, float] = {}
    for layer in layers:
        order = {name: index for index, name in enumerate(layer)}

        def centre(name: str, order: dict[str, int] = order) -> tuple[float, int]:
            seen = [place[source] for source in sources[name]]
            return (sum(seen) / len(seen) if seen else float(order[name]), order[name])

        layer.sort(key=centre)
        place.update({name: float(index) for index, name in enumerate(layer)})
    return layers


def _measure(name: str, sources: Mapping[str, Sequence[str]], depth: dict[str, int]) -> None:
    """The longest way from a root to `name`, and to all before it. A plan has no cycle (`domain.plan`)."""
    waiting = [name]
    while waiting:
        here = waiting[-1]
        unknown = [source for source in sources[here] if source not in depth]
        if unknown:
            waiting += unknown
        else:
            depth[here] = max((depth[source] + 1 for source in sources[here]), default=0)
            waiting.pop()


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x2, y2 = end[0], end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path class="arrow" d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(task: Task, x: int, y: int) -> str:
    title = task.spec.title if len(task.spec.title) <= _TITLE_CHARS else task.spec.title[: _TITLE_CHARS - 1] + "…"
    tip = escape(f"{task.spec.id}: {task.spec.title} ({task.status.value})")
    return (
        f'<g class="task {task.status.value}"><title>{tip}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 17}">{escape(task.spec.id[:_TITLE_CHARS])}</text>'
        f'<text class="faint" x="{x + 10}" y="{y + 32}">{escape(title)}</text></g>'
    )
