"""`cards/phantom.png`: the page's made-up study, what the shipped networks find of its lesions and what they miss.

Patients' pictures may not be in the repository; the phantom is nobody's.
"""

import numpy as np
import torch
from PIL import Image

from . import figures, pipeline, prepare, store, vote
from .figures import Case
from .paths import MODELS
from .prepare import LESION
from .specs import SPECS

#: Shares of the left and of the right lung, and the seed, of the study that the page offers; in no training.
STUDY = (0.08, 0.16, 1)
#: Of its slices, from the feet, and of their rows.
ROWS = slice(32, 208)
SLICES = (14, 24, 34, 44)
FOUND, MISSED, WRONG, LUNG = (90, 200, 120), (255, 70, 70), (250, 200, 60), (90, 160, 255)


def edge(mask: np.ndarray) -> np.ndarray:
    inner = mask.copy()
    for axis in (0, 1):
        for step in (1, -1):
            inner &= np.roll(mask, step, axis)
    return mask & ~inner


def main() -> None:
    grey, truth = prepare.phantom(*STUDY)
    hu = torch.from_numpy(prepare.hu(grey))
    lungs = pipeline.lung_labels(pipeline.lung_probabilities(hu, store.load(SPECS["lungs"])), hu)
    shipped = [s for s in SPECS.values() if s.family != "lungs" and store.entry_of(s, MODELS)]
    members = {s.name: pipeline.lesion_steps(hu, lungs, store.load(s), s) for s in shipped}
    case = Case("phantom", lungs, truth, members)
    found = case.placed(figures.ways(case, vote.PAPER)[figures.PAGE])
    columns = []
    for z in SLICES:
        true = truth[z] & LESION > 0
        plain = np.repeat(grey[z][..., None], 3, 2)
        drawn = plain.astype(float)
        for mask, colour in ((true & found[z], FOUND), (true & ~found[z], MISSED), (found[z] & ~true, WRONG)):
            drawn[mask] = 0.45 * drawn[mask] + 0.55 * np.array(colour)
        drawn[edge(lungs[z] > 0)] = LUNG
        columns.append(np.concatenate([plain[ROWS], drawn.astype(np.uint8)[ROWS]]))
    Image.fromarray(np.concatenate(columns, 1)).save(MODELS / "cards" / "phantom.png", optimize=True)
    print(f"Dice {case.against(found[lungs > 0]).dice:.3f}")
