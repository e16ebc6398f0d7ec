"""A server that runs mission after mission holds no more descriptors, threads and children than before.

`python tests/crash/soak.py` runs for ten minutes and shows memory and disk too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nothing_grows() -> None:
    script = Path(__file__).with_name("soak.py")
    argv = [sys.executable, str(script), "--seconds", "12"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=380)
    assert done.returncode == 0, done.stdout + done.stderr
