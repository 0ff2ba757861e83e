"""master_autogen: simulated teaching that makes training data, as AutoGen group chats.

>>> import master_autogen as ma
>>> ma.Seed(instruction="What is 2 + 2?", response="4").kind
'general'

All of `master_autogen.api` is to be had here, and loaded at the first use of any of it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from master_autogen.api import *  # noqa: F403

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Python and its tools ask every module for names like __path__, and `from master_autogen import pool` asks for the
    # room before it looks for the file: nothing has to be loaded to answer these.
    if (name.startswith("__") and name != "__all__") or find_spec(f"{__name__}.{name}"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    api = import_module(f"{__name__}.api")
    if name not in {*api.__all__, "__all__"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; dir({__name__}) names what there is")
    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*__getattr__("__all__"), "__version__"])
