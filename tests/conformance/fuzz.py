"""The long fuzz of the protocol: `python tests/conformance/fuzz.py FRAMES [FIRST_SEED]`, for `make fuzz-protocol`.

Frames of the grammar go to servers over stdio, a fresh server and the next seed for every ten thousand. The counts go
to stdout; the exit code is 1 when a server ended by itself, a request stayed without an answer or got two, or a reply
held a traceback. SIGTERM ends it early, with the counts so far.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from grammar import ROUND, Grammar, Tally, play
from wire import Wire

_TOLD_EVERY = 10


def main(frames: int, seed: int) -> int:
    """Play so many frames and say what came of them; the exit code."""
    sum_of_all, crashes, first_seed, started_s = Tally(), 0, seed, time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as folder:
        while sum_of_all.frames + crashes * ROUND < frames:
            try:
                sum_of_all.add(_round(Path(folder), seed, min(ROUND, frames - sum_of_all.frames - crashes * ROUND)))
            except (AssertionError, TimeoutError, OSError) as error:
                crashes += 1
                print(f"seed {seed}: {str(error)[-2_000:]}", flush=True)
            seed += 1
            if (seed - first_seed) % _TOLD_EVERY == 0:
                print(f"{sum_of_all.frames:,} frames", file=sys.stderr, flush=True)
    _say(sum_of_all, crashes, first_seed, seed - first_seed, time.monotonic() - started_s)
    return 1 if crashes or sum_of_all.unanswered or sum_of_all.doubled else 0


def _round(root: Path, seed: int, frames: int) -> Tally:
    wire = Wire(env={"FAKE_SLOW_S": "60"})
    try:
        assert "result" in wire.initialize(root)
        tally = play(wire, Grammar(seed), frames)
        assert wire.process and wire.process.wait(60) == 1, f"exit code {wire.process and wire.process.returncode}"
        return tally
    finally:
        wire.close()


def _say(tally: Tally, crashes: int, first_seed: int, rounds: int, duration_s: float) -> None:
    print(f"protocol fuzz over stdio, seeds {first_seed} to {first_seed + rounds - 1}, a server for {ROUND:,} frames")
    print(f"frames            {tally.frames:>12,}")
    print(f"requests          {tally.requests:>12,}")
    print(f"  results         {tally.results:>12,}")
    print(f"  refusals        {tally.refusals:>12,}")
    print(f"unanswered        {tally.unanswered:>12,}")
    print(f"answered twice    {tally.doubled:>12,}")
    print(f"crashes           {crashes:>12,}")
    print(f"time              {duration_s:>12,.0f} s")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 1))
