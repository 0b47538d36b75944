"""Where things lie. Data and runs stay outside the repository: the data may not be committed, the runs needn't be."""

import os
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent
REPOSITORY = MODELS.parent
_named = os.environ.get("CORSAI_DATA", "required")
DATA = (REPOSITORY / "../shared/data" if _named == "required" else Path(_named)).resolve()
RUNS = Path(os.environ.get("CORSAI_RUNS", Path.home() / ".cache/corsai/runs"))
ARRAYS = RUNS / "arrays"
#: Scans from neck to abdomen with lung masks, without lesions of COVID-19.
TRUNKS = ARRAYS / "trunks"
PACKED = RUNS / "packed"
PREDICTIONS = RUNS / "predictions"
#: The volumes as `corsai evaluate` reads them.
COHORTS = RUNS / "cohorts"


def run_folder(name: str) -> Path:
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
