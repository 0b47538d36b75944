"""Whether a network says the same of a slice and of its twin, as another kernel would have made it.

Agreement is the Dice of its two masks at its own threshold, over all voxels of the volumes kept apart
from all networks; in PyTorch, on training's own crop, since the product reads no refiltered study.
"""

import numpy as np
import torch
from torch import nn

from . import crop, store, train
from .constants import LESION
from .hounsfield import hu_from_grey
from .kernels import TWINS, Kernel
from .paths import ARRAYS
from .specs import FOLDS, NAMED, SPECS, Spec

#: Distance between the slices with lesions that are taken of a volume.
STEP = 4


def volumes() -> list[tuple[np.ndarray, np.ndarray, crop.Square]]:
    """Returns HU, lesions and the lungs' box of some slices of every volume that is kept apart."""
    found = []
    for file in sorted(ARRAYS.glob("*-[0-9]*.npz")):
        with np.load(file) as arrays:
            if str(arrays["patient"]) not in FOLDS["held_out"]["lesions"]:
                continue
            grey, labels = arrays["grey"], arrays["labels"]
        sick = np.flatnonzero(((labels & LESION) > 0).any((1, 2)))[::STEP]
        square = crop.square_of_mask((labels & 3).any(0), 0.1)
        found.append((hu_from_grey(grey[sick]), (labels[sick] & LESION) > 0, square))
    return found


@torch.no_grad()
def masks(network: nn.Module, spec: Spec, hu: np.ndarray, square: crop.Square) -> np.ndarray:
    """Returns what a network marks on slices `[count, rows, columns]`."""
    answers = [network(crop.crop(torch.from_numpy(one[None]), square, spec.input)).sigmoid()[:, 0] for one in hu]
    return (crop.paste(torch.cat(answers), square, *hu.shape[1:]) > spec.threshold).numpy()


def dice(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Returns the Dice of all pairs' voxels together."""
    both = sum(int((one & other).sum()) for one, other in pairs)
    return 2 * both / max(sum(int(one.sum() + other.sum()) for one, other in pairs), 1)


def refiltered(hu: np.ndarray, kernel: Kernel) -> np.ndarray:
    """Returns the twins of slices; the same noise each time."""
    return np.stack([kernel.refilter(one, torch.Generator().manual_seed(z)) for z, one in enumerate(hu)])


def measured(network: nn.Module, spec: Spec) -> dict[str, tuple[float, float]]:
    """Returns for every kernel the agreement with the slice itself, and the Dice with the outlines."""
    cases = volumes()
    own = [masks(network, spec, hu, square) for hu, _, square in cases]
    found = {"none": (1.0, dice([(mask, truth) for mask, (_, truth, _) in zip(own, cases, strict=True)]))}
    for name, kernel in TWINS.items():
        twin = [masks(network, spec, refiltered(hu, kernel), square) for hu, _, square in cases]
        against = dice([(mask, truth) for mask, (_, truth, _) in zip(twin, cases, strict=True)])
        found[name] = (dice(list(zip(own, twin, strict=True))), against)
    return found


def main(names: list[str]) -> None:
    """Prints a line for every network (packed) or run (before rounding) named, or for every shipped one."""
    shipped = [spec.name for spec in SPECS.values() if spec.family != "lungs" and spec.axial and store.key(spec)]
    print("network", *(f"{name}: agreement, Dice" for name in ("none", *TWINS)), sep="\t")
    for name in names or shipped:
        spec = SPECS[name] if name in SPECS else NAMED[name].spec
        network = store.load(spec) if name in SPECS else train.averaged_model(NAMED[name])
        found = measured(network.eval(), spec)
        print(name, *(f"{agreement:.3f}, {truth:.3f}" for agreement, truth in found.values()), sep="\t", flush=True)
