"""The command line: resolve, call one public function, print. The only room that knows click and rich."""

from master_autogen.cli.main import main

__all__ = ["main"]
