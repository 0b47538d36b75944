"""How much of lungs without COVID-19 a network marks: on studies that a run never saw, in PyTorch.

Of scans from neck to abdomen only slices without a tumour count (`folds.json`); the lungs are the
reference's there, and a threshold's on healthy patients.
"""

import numpy as np

from . import crop, store, train
from .hounsfield import hu_from_grey
from .others import HEALTHY, tumour_free
from .paths import OTHERS, TRUNKS
from .specs import FOLDS, NAMED, SPECS
from .twins import masks

#: Distance between the slices that are taken of a study.
STEP = 3


def negatives() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Returns name, grey and lungs of some slices without lesion of every such study."""
    found = []
    for file in [*sorted(TRUNKS.glob("*.npz")), *(OTHERS / f"{name}.npz" for name in HEALTHY)]:
        with np.load(file) as arrays:
            grey, lungs = arrays["grey"], (arrays["labels"] & 3) > 0
        free = tumour_free(file.stem, len(grey)) if file.parent == TRUNKS else np.ones(len(grey), bool)
        kept = np.flatnonzero(free & lungs.any((1, 2)))[::STEP]
        found.append((file.stem, grey[kept], lungs[kept]))
    return found


def main(names: list[str]) -> None:
    """Prints a line for every network (packed) or run (before rounding) named, and study that it never saw."""
    for name in names or ["fpn-320"]:
        spec = SPECS[name] if name in SPECS else NAMED[name].spec
        network = store.load(spec) if name in SPECS else train.averaged_model(NAMED[name])
        # Healthy patients are negatives of every wide run; scans from neck to abdomen may be kept
        # apart.
        seen = set(HEALTHY) | {p for part in FOLDS["trunks"] for p in part}
        seen = seen - NAMED[name].held_out if name in NAMED and NAMED[name].wide else set()
        for study, grey, lungs in negatives():
            if study in seen:
                continue
            square = crop.square_of_mask(lungs.any(0), spec.box_margin)
            marked = masks(network.eval(), spec, hu_from_grey(grey), square) & lungs
            slices = (marked.any((1, 2))).mean()
            print(
                name, study, f"{100 * marked.sum() / lungs.sum():.2f} %", f"{100 * slices:.0f} %", sep="\t", flush=True
            )
