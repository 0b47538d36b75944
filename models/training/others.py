"""Studies without lesion masks as arrays: what lesion networks learn from besides outlined patients.

`OTHERS/NAME.npz` has `grey`, `labels` (lungs alone), `patient`, and `free`: whether it is known of a
slice that it has no lesion. Lungs are found by threshold (`prepare.found_lungs`): they only make the
box, and the place of what is added.
"""

import json
from pathlib import Path

import numpy as np

from .hounsfield import grey_from_hu
from .paths import DATA, OTHERS
from .prepare import found_lungs, sides
from .specs import FOLDS

#: Healthy patients: no slice has a lesion.
HEALTHY = ("lidc-0001", "lidc-0002", "lidc-0003", "normal-001")
#: Patients with COVID-19, outlined by nobody.
UNLABELLED = ("ricord-000082", "ricord-001012", "covid-P001")
#: Step between the slices that are taken of a DICOM series.
DICOM_STEP = 2


def read_grey_folder(folder: Path) -> np.ndarray:
    """Returns slices, which run from feet to head."""
    from PIL import Image

    return np.stack([np.asarray(Image.open(file)) for file in sorted(folder.glob("*.png"))])


def read_dicom(folder: Path) -> np.ndarray:
    """Returns all slices of a series as grey, feet first."""
    import pydicom

    images = [pydicom.dcmread(file) for file in folder.rglob("*") if file.is_file()]
    images = sorted((i for i in images if "PixelData" in i), key=lambda i: float(i.ImagePositionPatient[2]))
    values = [image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept) for image in images]
    return grey_from_hu(np.stack(values).astype(np.float32))


def free_slices(name: str, count: int) -> np.ndarray:
    """Returns of which of a study's slices, from the feet on, it is known that they have no lesion."""
    labels = DATA / "dicom" / f"{name}_slice_labels.json"
    if not labels.exists():
        return np.full(count, name in HEALTHY)
    # The labels run from head to feet.
    return np.array(json.loads(labels.read_text())[name][:count])[::-1] == 0


def tumour_free(name: str, count: int) -> np.ndarray:
    """Returns which slices of a scan from neck to abdomen show no tumour (`folds.json`, by eye)."""
    free = np.ones(count, bool)
    for first, last in FOLDS["tumours"][name]:
        free[first : last + 1] = False
    return free


def main() -> None:
    """Makes every array that isn't there yet."""
    OTHERS.mkdir(parents=True, exist_ok=True)
    for name in (*HEALTHY, *UNLABELLED):
        to = OTHERS / f"{name}.npz"
        if to.exists():
            continue
        folder = next(
            DATA / kind / name for kind in ("healthy", "unlabelled", "dicom") if (DATA / kind / name).exists()
        )
        dicom = folder.parent.name == "dicom"
        grey = read_dicom(folder) if dicom else read_grey_folder(folder)
        kept = slice(None, None, DICOM_STEP if dicom else 1)
        free, grey = free_slices(name, len(grey))[kept], grey[kept]
        np.savez(to, grey=grey, labels=sides(found_lungs(grey)), patient=name, free=free)
        print(to.name, grey.shape, f"{int(free.sum())} slices without lesion", flush=True)
