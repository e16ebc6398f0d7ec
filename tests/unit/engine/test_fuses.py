"""A session that is silent or goes round in circles is ended, with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from orchestrator.domain.mission import Mission
from orchestrator.domain.words import FailureKind
from orchestrator.engine.fuses import Fuse
from orchestrator.engine.hold import Hold
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.publisher import Publisher
from orchestrator.ports.host import HostError
from orchestrator.testing.virtual_time import run_virtual


def watched(fuse: Fuse, body: Callable[[], Awaitable[None]]) -> tuple[HostError | None, float]:
    """How the fuse blew, and when."""

    async def play() -> tuple[HostError | None, float]:
        hold = Hold(Ledger(None, Publisher(0), Mission()))  # pyright: ignore[reportArgumentType] - nothing is written
        try:
            with fuse.watching(hold, "t"):
                await body()
        except HostError as error:
            return error, anyio.current_time()
        return None, anyio.current_time()

    return run_virtual(play)


def test_silence_blows_it() -> None:
    error, at_s = watched(Fuse(quiet_s=60), anyio.sleep_forever)
    assert error is not None
    assert (error.kind, at_s) == (FailureKind.TIMED_OUT, pytest.approx(60))
    assert "60 s" in error.message


def test_a_long_tool_call_is_no_silence_and_each_one_begins_the_time_anew() -> None:
    fuse = Fuse(quiet_s=60)

    async def work() -> None:
        for number in range(3):
            await anyio.sleep(50)
            with fuse.busy():
                await anyio.sleep(500)
            fuse.called("shell", str(number), "done")
        await anyio.sleep_forever()

    error, at_s = watched(fuse, work)
    assert error is not None
    assert at_s == pytest.approx(3 * 550 + 60)


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_the_same_calls_with_the_same_results_blow_it_at_the_third_time(period: int) -> None:
    fuse = Fuse()
    calls = 0

    async def work() -> None:
        nonlocal calls
        while True:
            await anyio.sleep(1)
            fuse.called("read_file", f"file{calls % period}", "same")
            calls += 1

    error, _ = watched(fuse, work)
    assert error is not None
    assert (error.kind, calls) == (FailureKind.LOOPING, 3 * period)
    assert "3 times in a row" in error.message


def test_the_same_call_with_other_results_is_progress() -> None:
    fuse = Fuse()

    async def work() -> None:
        for number in range(50):
            fuse.called("job_output", "job", str(number))
            await anyio.lowlevel.checkpoint()

    assert watched(fuse, work)[0] is None


def test_the_same_answer_to_the_same_brief_blows_it() -> None:
    fuse = Fuse()
    fuse.answered("brief", "answer")
    fuse.answered("other brief", "answer")
    fuse.answered("brief", "answer")
    fuse.answered("brief", "answer")
    with pytest.raises(HostError) as caught:
        fuse.answered("brief", "answer")
    assert caught.value.kind is FailureKind.LOOPING
