"""sqlite_utils, loaded without pandas: it would load it, where it is installed, only to know its data frames by sight,
and a third of a second and 80 MiB would go to that. `datasets` installs pandas, so it always is."""

from __future__ import annotations

import sys

if "pandas" not in sys.modules:
    sys.modules["pandas"] = None  # type: ignore[assignment]  # importing it fails, as if it were not there
    try:
        import sqlite_utils  # noqa: F401
    finally:
        del sys.modules["pandas"]
