"""When the attempts of a mission ran, as an SVG picture: a row for each task, a bar for each attempt."""

from __future__ import annotations

from html import escape

from orchestrator.domain.mission import Mission
from orchestrator.journal.timeline import Run, Timeline

MAX_ROWS = 200
"""Most tasks with a row; the picture says how many are left out."""
_LABEL, _WIDTH, _ROW = 190, 700, 22
_LEAST_BAR = 2.0


def draw_timeline(mission: Mission, line: Timeline) -> str:
    """The picture; "" when nothing has run yet."""
    names = [name for name in mission.tasks if line.attempts_of(name)]
    if not names or line.first_s is None or line.last_s is None:
        return ""
    first_s, span_s = line.first_s, max(line.last_s - line.first_s, 0.001)
    rows = [
        f'<text x="0" y="{y * _ROW + 15}">{escape(name[:26])}</text>'
        + "".join(_bar(run, y * _ROW, first_s, span_s) for run in line.attempts_of(name))
        for y, name in enumerate(names[:MAX_ROWS])
    ]
    height = len(rows) * _ROW + 22
    ticks = [_tick(span_s * part / 4, _LABEL + _WIDTH * part // 4, height) for part in range(5)]
    left = len(names) - len(rows)
    more = f"<p>{left} more tasks are not drawn.</p>" if left else ""
    width = _LABEL + _WIDTH + 50
    return (
        f'<svg role="img" aria-label="timeline" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"{''.join(ticks)}{''.join(rows)}</svg>{more}"
    )


def _bar(run: Run, y: int, first_s: float, span_s: float) -> str:
    x = _LABEL + max(0.0, run.start_s - first_s) / span_s * _WIDTH
    width = max(_LEAST_BAR, run.duration_s / span_s * _WIDTH)
    tip = escape(f"{run.attempt_id} on {run.host}: {run.outcome}, {run.duration_s:.1f} s")
    return (
        f'<rect class="bar {run.outcome}" x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" rx="3">'
        f"<title>{tip}</title></rect>"
    )


def _tick(at_s: float, x: int, height: int) -> str:
    text = f"{at_s:.1f} s" if at_s < 60 else f"{int(at_s // 60)}:{int(at_s % 60):02d}"
    return (
        f'<line class="grid" x1="{x}" y1="0" x2="{x}" y2="{height - 18}"/>'
        f'<text class="faint" x="{x}" y="{height - 4}" text-anchor="middle">{text}</text>'
    )
