"""What the fork server of tests/crashes.py imports once, so that each command starts at once."""

import master_autogen.cli
import master_autogen.models.http
import master_autogen.models.scoring
import master_autogen.pipeline
import master_autogen.seeds  # noqa: F401
