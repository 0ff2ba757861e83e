"""Licences by the names that the Hugging Face Hub has for them: it refuses a card with any other.

>>> hub_name("CC BY-SA 4.0"), hub_name("see the authors' page")
('cc-by-sa-4.0', 'other')
"""

from __future__ import annotations

_OF_PROGRAMS = """
apache-2.0 mit bsd bsd-2-clause bsd-3-clause isc zlib unlicense wtfpl artistic-2.0 afl-3.0 bsl-1.0 mpl-2.0 epl-2.0
gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 agpl-3.0
"""
_OF_TEXTS_AND_DATA = """
cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 gfdl odc-by odbl pddl
cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 c-uda etalab-2.0 openrail unknown
"""
_KNOWN = frozenset((_OF_PROGRAMS + _OF_TEXTS_AND_DATA).split())


def hub_name(licence: str) -> str:
    name = "-".join(licence.lower().replace("_", " ").split())
    return name if name in _KNOWN else "other"
