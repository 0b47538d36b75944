"""Where things are. Data and runs stay outside the repository: the data may not be committed, the runs needn't be."""

import os
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent
REPOSITORY = MODELS.parent
_data = os.environ.get("CORSAI_DATA", "required")
DATA = (REPOSITORY / "../shared/data" if _data == "required" else Path(_data)).resolve()
RUNS = Path(os.environ.get("CORSAI_RUNS", Path.home() / ".cache/corsai/runs"))
ARRAYS = RUNS / "arrays"
#: Scans from neck to abdomen with lung masks, without lesions of COVID-19.
TRUNKS = ARRAYS / "trunks"
#: Studies without lesion masks: healthy ones, and patients whose lesions nobody outlined.
OTHERS = ARRAYS / "others"
#: What the ensemble answers on slices, as soft targets.
TAUGHT = ARRAYS / "taught"
#: What the lung network's cube says of studies.
COARSE = ARRAYS / "coarse"
PACKED = RUNS / "packed"
#: The studies as `corsai evaluate` reads them.
COHORTS = RUNS / "cohorts"
#: What `corsai` measured of them.
EVALUATIONS = RUNS / "evaluations"
#: The command line tool.
CORSAI = os.environ.get("CORSAI", "corsai")


def run_folder(name: str) -> Path:
    """Returns a run's folder, which is made."""
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
