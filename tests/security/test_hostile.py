"""A sample of the hostile corpus, and that the corpus would notice; `make hostile` runs all of it."""

from __future__ import annotations

import pytest
from hostile import verdicts

pytestmark = pytest.mark.anyio

LEVEL = {"pidns", "private", "landlock"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_nothing_escapes() -> None:
    level, found = await verdicts(0.04)
    if not set(level.split("+")) >= LEVEL:
        pytest.skip(f"this machine offers only {level}")
    assert len(found) >= 30
    assert {f"{v.case.group}: {v.case.name}": v.harm for v in found if v.harm or not v.has_run} == {}


@pytest.mark.parametrize(
    ("names", "harm"),
    [("read cat: home/.ssh", "a secret was read"), ("write mode: outside/precious", "changed outside")],
)
async def test_the_corpus_notices(names: str, harm: str) -> None:
    """Without a view of its own a command can do these things, and the corpus says so."""
    _, found = await verdicts(1.0, names, "subreaper")
    assert found
    assert all(verdict.harm and verdict.harm[0].startswith(harm) for verdict in found)
