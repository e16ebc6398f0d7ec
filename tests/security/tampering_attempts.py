"""Work that breaks the code and hides it from what judges it, or that takes the judge away for those who come next."""

from __future__ import annotations

from tampering_configuration import CONFIGURATION
from tampering_running import RUNNING
from tampering_tests import TESTS

ATTEMPTS = [*TESTS, *CONFIGURATION, *RUNNING]
"""Each of them must end without a seal."""
