"""Conventions in the guardian gate: learned from the base, asked of new code."""

from __future__ import annotations

import pytest

from orchestrator import native
from orchestrator.domain.words import Verdict
from orchestrator.review.conventions import describe

pytestmark = pytest.mark.anyio

MODULES = {
    f"app/part_{number}.py": f'def read_file_{number}(file_name):\n    return file_name + "suffix"\n'
    for number in range(200)
}
BASE = {"app/__init__.py": "", "app/old.py": 'def oldName():\n    return "x"\n'} | MODULES


async def test_a_new_name_against_the_convention_is_refused(court) -> None:
    await court.begin(BASE)
    report = (await court.judge({"app/new.py": 'def writeFile(file_name):\n    return file_name + "x"\n'}))["guardian"]
    assert report.verdict is Verdict.FAILED
    (finding,) = report.findings
    assert (finding.rule, finding.path, finding.start_line) == ("convention/function-name", "app/new.py", 0)
    assert finding.message == "writeFile is not snake_case; 200 of 201 functions in app are"


async def test_old_and_known_names_are_not(court) -> None:
    await court.begin(BASE)
    for files in (
        {"app/old.py": BASE["app/old.py"] + "\n\nVALUE = 1\n"},
        {"app/old.py": None, "app/moved.py": BASE["app/old.py"]},
        {"app/new.py": 'def oldName():\n    return "x"\n'},
    ):
        assert (await court.judge(files))["guardian"].verdict is Verdict.CLEAN


async def test_a_small_base_has_no_conventions(court) -> None:
    await court.begin({"a.py": "def read_file():\n    return 1\n"})
    assert (await court.judge({"b.py": "def writeFile():\n    return 1\n"}))["guardian"].verdict is Verdict.CLEAN


def test_briefs_get_short_sentences(court) -> None:
    for path, text in BASE.items():
        place = court.base / path
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    sentences = describe(native.Conventions.learn(str(court.base)))
    assert "Python: functions are snake_case (200 of 201)" in sentences
    assert all(len(sentence) < 120 for sentence in sentences)
