"""`models/measured.json`: figures whose runs may be gone by the time that others are measured, so that `results` can still say them.

What is measured anew takes the place of what was. Beside a figure of packed weights stands which they were (`store.key`): of
others it says nothing.
"""

import json

from .paths import MODELS

FILE = MODELS / "measured.json"


def kept(kind: str, found: dict) -> dict:
    """All figures of a kind: those `found` now, and of what wasn't measured now the ones there were."""
    everything = json.loads(FILE.read_text()) if FILE.exists() else {}
    everything[kind] = everything.get(kind, {}) | json.loads(json.dumps(found))
    FILE.write_text(json.dumps(everything, indent=1) + "\n")
    return everything[kind]
