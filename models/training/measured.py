"""`models/measured.json`: figures whose networks or runs may be gone, each with when and from which tree it is.

| kind | figures |
|---|---|
| `from scratch`, `with the volumes`, `single lungs` | single slices, which the product refuses (`ct100.py`) |
| `rounding` | networks before and after rounding |
| `mirror` | tables that a copy of the pipeline in Python made, which is gone, of networks that aren't shipped |

What is measured anew takes the place of what was.
"""

import datetime
import json
import subprocess

from .paths import MODELS, REPOSITORY

FILE = MODELS / "measured.json"


def read() -> dict:
    """Returns all kinds."""
    return json.loads(FILE.read_text())


def keep(kind: str, figures: dict) -> None:
    """Enters figures that were measured today, from the tree's commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.strip()
    today = {"date": datetime.date.today().isoformat(), "tree": commit}
    everything = read()
    stamped = {name: {"measured": today} | figure for name, figure in figures.items()}
    everything[kind] = everything.get(kind, {}) | json.loads(json.dumps(stamped))
    FILE.write_text(json.dumps(everything, indent=1) + "\n")


def when(kind: dict) -> str:
    """Returns when the figures of a kind were measured and from which trees."""
    stamps = {(figure["measured"]["date"], figure["measured"]["tree"]) for figure in kind.values()}
    return ", ".join(f"{date} (tree {tree})" for date, tree in sorted(stamps))
