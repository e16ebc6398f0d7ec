"""Files of the contract as they are committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def read(name: str) -> Any:
    """A JSON file below protocol/."""
    return json.loads((ROOT / "protocol" / name).read_text(encoding="utf-8"))
