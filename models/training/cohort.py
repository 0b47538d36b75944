"""The volumes with masks as cohorts that `corsai evaluate` reads: NIfTI files and a CSV, outside the repository.

`COHORTS/volumes` and `COHORTS/trunks` get, for every volume, `NAME.nii.gz` (HU), `NAME.lungs.nii.gz` (1 right, 2 left),
where lesions are known `NAME.lesions.nii.gz`, and `cohort.csv`, which names them. The distances of voxels are nominal,
as the pipeline in Python takes them: most volumes don't say.
"""

import csv
from pathlib import Path

import nibabel
import numpy as np

from . import predictions, prepare
from .paths import ARRAYS, COHORTS, TRUNKS
from .pipeline import NOMINAL_MM
from .predictions import TRUNK_MM
from .prepare import LESION

COLUMNS = ("study", "lung_mask", "lesion_mask")


def image(array: np.ndarray, spacing_mm: tuple[float, float, float]) -> nibabel.Nifti1Image:
    """A NIfTI image of `[slice, row, column]` in canonical order: columns to the patient's left, rows to the back, slices to the
    head. NIfTI's x and y rise to the right and the front."""
    z, y, x = spacing_mm
    return nibabel.Nifti1Image(array.transpose(), np.diag([-x, -y, z, 1.0]))


def export(file: Path, folder: Path, spacing_mm: tuple[float, float, float], lesions: bool) -> dict[str, str]:
    """Writes one volume's files and returns its line of the CSV."""
    with np.load(file) as arrays:
        values, labels = np.rint(prepare.hu(arrays["grey"])).astype(np.int16), arrays["labels"]
    parts = {"study": ("", values), "lung_mask": (".lungs", labels & 3)}
    if lesions:
        parts["lesion_mask"] = (".lesions", (labels & LESION > 0).astype(np.uint8))
    line = {}
    for column, (ending, array) in parts.items():
        line[column] = f"{file.stem}{ending}.nii.gz"
        nibabel.save(image(array, spacing_mm), folder / line[column])
    return line


def main(names: list[str]) -> None:
    """All volumes, or those named."""
    cohorts = {
        "volumes": ([ARRAYS / f"{name}.npz" for name in predictions.volumes()], NOMINAL_MM, True),
        "trunks": (sorted(TRUNKS.glob("*.npz")), TRUNK_MM, False),
    }
    for cohort, (files, spacing_mm, lesions) in cohorts.items():
        folder = COHORTS / cohort
        folder.mkdir(parents=True, exist_ok=True)
        chosen = [file for file in files if not names or file.stem in names]
        lines = [export(file, folder, spacing_mm, lesions) for file in chosen]
        with (folder / "cohort.csv").open("w", newline="") as to:
            writer = csv.DictWriter(to, COLUMNS)
            writer.writeheader()
            writer.writerows(lines)
        print(folder / "cohort.csv", len(lines), flush=True)
