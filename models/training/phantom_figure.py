"""`cards/phantom.png`: the page's synthetic study, what the standard answer finds of its lesions and what it misses.

Patients' pictures may not be in the repository; the phantom is nobody's.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from . import prepare
from .cohort import NOMINAL_MM, save_hu
from .constants import LESION
from .figures import read_nifti
from .measure import corsai
from .paths import MODELS

#: Shares of the left and of the right lung, and the seed, of the study that the page offers; in no
#: training.
STUDY = (0.08, 0.16, 1)
#: Of its slices, from the feet, and of their rows.
ROWS = slice(32, 208)
SLICES = (14, 24, 34, 44)
FOUND, MISSED, WRONG, LUNG = (90, 200, 120), (255, 70, 70), (250, 200, 60), (90, 160, 255)


def outline(mask: np.ndarray) -> np.ndarray:
    """Returns the mask's own pixels that touch another one."""
    inner = mask.copy()
    for axis in (0, 1):
        for step in (1, -1):
            inner &= np.roll(mask, step, axis)
    return mask & ~inner


def measured(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lungs and the lesions that `corsai` finds, on the arrays' own axes."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "phantom.nii.gz"
        save_hu(grey, study, NOMINAL_MM)
        corsai("analyse", study, "--device", "cpu", "--masks", folder, "--json", study.with_name("report.json"))
        masks = (read_nifti(study.with_name(f"{name}.nii.gz"))[0] for name in ("lungs", "lesions"))
        lungs, lesions = (mask[:, ::-1, ::-1] > 0 for mask in masks)
    return lungs, lesions


def main() -> None:
    """Draws the figure."""
    grey, truth = prepare.phantom(*STUDY)
    lungs, found = measured(grey)
    lesions = truth & LESION > 0
    columns = []
    for z in SLICES:
        plain = np.repeat(grey[z][..., None], 3, 2)
        drawn = plain.astype(float)
        masks = (lesions[z] & found[z], FOUND), (lesions[z] & ~found[z], MISSED), (found[z] & ~lesions[z], WRONG)
        for mask, colour in masks:
            drawn[mask] = 0.45 * drawn[mask] + 0.55 * np.array(colour)
        drawn[outline(lungs[z])] = LUNG
        columns.append(np.concatenate([plain[ROWS], drawn.astype(np.uint8)[ROWS]]))
    Image.fromarray(np.concatenate(columns, 1)).save(MODELS / "cards" / "phantom.png", optimize=True)
    print(f"Dice {2 * (found & lesions).sum() / (found.sum() + lesions.sum()):.3f}")
