"""The crash tests share a recording disk, and the journal's tests their mission."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
