"""DICOM series → HU volumes in canonical order, for what has no masks; only plain axial series, as the data's are."""

from pathlib import Path

import numpy as np
import pydicom

from .paths import DATA

#: Rows run to the back and columns to the patient's left.
AXIAL = [1, 0, 0, 0, 1, 0]


def headers(name: str) -> list[pydicom.Dataset]:
    """A series' files from feet to head."""
    files = [pydicom.dcmread(file) for file in Path(DATA / "dicom" / name).glob("*.dcm")]
    return sorted(files, key=lambda f: float(f.ImagePositionPatient[2]))


def load(name: str) -> np.ndarray:
    """HU `[slices, rows, columns]` f32 (PS3.3 C.11.1: stored value · slope + intercept).

    Raises `ValueError` where the slices don't lie as `AXIAL` says.
    """
    slices = headers(name)
    if any([round(float(v), 3) for v in f.ImageOrientationPatient] != AXIAL for f in slices):
        raise ValueError(f"{name} is not a plain axial series")
    scaled = [f.pixel_array * float(f.RescaleSlope) + float(f.RescaleIntercept) for f in slices]
    return np.stack(scaled).astype(np.float32)
