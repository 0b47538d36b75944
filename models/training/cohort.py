"""Cohorts that `corsai evaluate` reads: NIfTI files and a CSV, outside the repository.

| cohort | studies | masks |
|---|---|---|
| `volumes` | chest CTs with COVID-19 | lungs, lesions |
| `held-out` | those of `volumes` whose patients no lesion network was trained on | lungs, lesions |
| `trunks` | scans from neck to abdomen without COVID-19 | lungs |
| `unmasked` | healthy chests, COVID-19 and lung cancer | none |

A study's files are `NAME.nii.gz` (HU), `NAME.lungs.nii.gz` (1 right, 2 left) and
`NAME.lesions.nii.gz`. DICOM series are named in the CSV where they are. Most volumes don't state
the distances of their voxels: the nominal ones below stand in for them.
"""

import csv
import json
from pathlib import Path

import nibabel
import numpy as np

from .constants import LESION
from .hounsfield import hu_from_grey
from .paths import ARRAYS, COHORTS, DATA, TRUNKS
from .specs import FOLDS

#: Distance of neighbouring slices, rows and columns, mm.
NOMINAL_MM = (2.0, 1.0, 1.0)
#: Of the scans from neck to abdomen; in the plane nominal.
TRUNK_MM = (9.0, 1.3, 1.3)
#: DICOM series without masks.
SERIES = ("covid-P001", "normal-001", "lungdx-A0001-5mm", "lungdx-A0002-B70f")
COLUMNS = ("study", "lung_mask", "lesion_mask")


def image(array: np.ndarray, spacing_mm: tuple[float, float, float]) -> nibabel.Nifti1Image:
    """Returns the NIfTI image of `[slice, row, column]` in canonical order.

    Canonical: columns to the patient's left, rows to the back, slices to the head. NIfTI's x and y
    rise to the right and the front.
    """
    z, y, x = spacing_mm
    return nibabel.Nifti1Image(array.transpose(), np.diag([-x, -y, z, 1.0]))


def save_hu(grey: np.ndarray, file: Path, spacing_mm: tuple[float, float, float]) -> None:
    """Writes the data's 8-bit grey as whole Hounsfield units."""
    nibabel.save(image(np.rint(hu_from_grey(grey)).astype(np.int16), spacing_mm), file)


def export(file: Path, folder: Path, spacing_mm: tuple[float, float, float], lesions: bool) -> dict[str, str]:
    """Writes one array's study and masks, and returns its line of the CSV."""
    with np.load(file) as arrays:
        grey, labels = arrays["grey"], arrays["labels"]
    masks = {"lung_mask": ("lungs", labels & 3)}
    if lesions:
        masks["lesion_mask"] = ("lesions", (labels & LESION > 0).astype(np.uint8))
    line = {"study": f"{file.stem}.nii.gz"}
    save_hu(grey, folder / line["study"], spacing_mm)
    for column, (kind, mask) in masks.items():
        line[column] = f"{file.stem}.{kind}.nii.gz"
        nibabel.save(image(mask, spacing_mm), folder / line[column])
    return line


def export_unmasked(study: Path, folder: Path) -> dict[str, str]:
    """Writes a folder of grey slices, which run from feet to head, as one study."""
    from PIL import Image

    about = json.loads((study / "volume.json").read_text())
    grey = np.stack([np.asarray(Image.open(file)) for file in sorted(study.glob("*.png"))])
    spacing_mm = (about["slice_mm"] * about["slice_step"], about["pixel_mm"], about["pixel_mm"])
    save_hu(grey, folder / f"{study.name}.nii.gz", spacing_mm)
    return {"study": f"{study.name}.nii.gz"}


def patients() -> dict[str, str]:
    """Returns the patient of every volume with masks."""
    found = {}
    for file in sorted(ARRAYS.glob("*-[0-9]*.npz")):
        if not file.name.startswith("phantom"):
            with np.load(file) as arrays:
                found[file.stem] = str(arrays["patient"])
    return found


def is_held_out(patient: str) -> bool:
    """Returns whether no lesion network was trained on the patient."""
    return patient in FOLDS["held_out"]["lesions"]


def write_csv(name: str, file: str, lines: list[dict[str, str]]) -> None:
    """Writes a cohort's list of studies."""
    path = COHORTS / name / file
    with path.open("w", newline="") as to:
        writer = csv.DictWriter(to, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
    print(path, len(lines), flush=True)


def main() -> None:
    """Exports all cohorts."""
    for name in ("volumes", "trunks", "unmasked"):
        (COHORTS / name).mkdir(parents=True, exist_ok=True)
    by_name = patients()
    lines = {name: export(ARRAYS / f"{name}.npz", COHORTS / "volumes", NOMINAL_MM, True) for name in by_name}
    write_csv("volumes", "cohort.csv", list(lines.values()))
    write_csv("volumes", "held-out.csv", [line for name, line in lines.items() if is_held_out(by_name[name])])
    trunks = [export(file, COHORTS / "trunks", TRUNK_MM, False) for file in sorted(TRUNKS.glob("*.npz"))]
    write_csv("trunks", "cohort.csv", trunks)
    studies = [study for kind in ("healthy", "unlabelled") for study in sorted((DATA / kind).iterdir())]
    unmasked = [export_unmasked(study, COHORTS / "unmasked") for study in studies]
    unmasked += [{"study": str(DATA / "dicom" / name)} for name in SERIES]
    write_csv("unmasked", "cohort.csv", unmasked)
