"""What the ensemble answers on slices: soft targets for one network that shall equal it (Noothout et al. 2022).

The teacher is the mean of all shipped FPNs, each asked for the slice and its mirror image. It runs in
PyTorch, since the product refuses single slices and mirrors nothing. `TAUGHT/NAME.npz` has `soft`, u8
`[slice, row, column]` on the slices' own pixels, 255 for 1, and 0 outside the lungs' box.
"""

from collections.abc import Iterator

import numpy as np
import torch

from . import crop, store
from .constants import LESION
from .hounsfield import hu_from_grey
from .others import HEALTHY
from .paths import ARRAYS, OTHERS, TAUGHT
from .specs import FOLDS, SPECS

#: Slices that are asked at once.
AT_ONCE = 4
#: The single slices are taught in parts, so that little is lost when it is stopped.
PART = 43


def teachers() -> list[tuple[torch.nn.Module, dict]]:
    """Returns the networks and what each sees."""
    return [(store.load(spec), spec.input) for spec in SPECS.values() if spec.family == "fpn" and store.key(spec)]


@torch.no_grad()
def answers(grey: np.ndarray, square: crop.Square, networks: list[tuple[torch.nn.Module, dict]]) -> np.ndarray:
    """Returns the mean probability of slices `[count, rows, columns]`, u8."""
    out = np.zeros(grey.shape, np.uint8)
    for start in range(0, len(grey), AT_ONCE):
        hu = torch.from_numpy(hu_from_grey(grey[start : start + AT_ONCE]))
        total = torch.zeros(hu.shape)
        for network, given in networks:
            seen = crop.crop(hu, square, given)
            found = network(seen).sigmoid() + network(seen.flip(-1)).sigmoid().flip(-1)
            total += crop.paste(found[:, 0] / 2, square, *hu.shape[1:])
        out[start : start + AT_ONCE] = (total / len(networks) * 255).round().numpy()
    return out


def studies() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yields name, grey and labels of every study that is taught."""
    for file in sorted(OTHERS.glob("*.npz")):
        if file.stem not in HEALTHY:
            with np.load(file) as arrays:
                yield file.stem, arrays["grey"], arrays["labels"]
    for file in sorted(ARRAYS.glob("*-[0-9].npz")) + sorted(ARRAYS.glob("*-0[0-9].npz")):
        with np.load(file) as arrays:
            if str(arrays["patient"]) not in FOLDS["held_out"]["lesions"]:
                yield file.stem, arrays["grey"], arrays["labels"]


def main() -> None:
    """Asks the ensemble about every study that it wasn't asked about."""
    TAUGHT.mkdir(parents=True, exist_ok=True)
    networks = teachers()

    def save(name: str, soft: np.ndarray) -> None:
        np.savez(TAUGHT / f"part-{name}.npz", soft=soft)
        (TAUGHT / f"part-{name}.npz").rename(TAUGHT / f"{name}.npz")
        print(name, soft.shape, flush=True)

    def asked(name: str) -> bool:
        return (TAUGHT / f"{name}.npz").exists()

    with np.load(ARRAYS / "lung-slices.npz") as arrays:
        grey, labels = arrays["grey"], arrays["labels"]
    given = SPECS["fpn-320"].box_margin
    for name, volume, labels in studies():
        if not asked(name):
            square = crop.square_of_mask((labels & 3).any(0), given)
            soft = np.zeros(volume.shape, np.uint8)
            # Where there are outlines, slices without one have no lesion.
            outlined = (labels & LESION).any()
            lit = np.flatnonzero(((labels & (LESION if outlined else 3)) > 0).any((1, 2)))
            soft[lit] = answers(volume[lit], square, networks)
            save(name, soft)
    for nth, start in enumerate(range(0, len(grey), PART)):
        name = f"lung-slices-{nth}"
        if not asked(name):
            squares = [crop.square_of_mask((lungs & 3) > 0, given) for lungs in labels[start : start + PART]]
            pictures = zip(grey[start : start + PART], squares, strict=True)
            save(name, np.concatenate([answers(picture[None], square, networks) for picture, square in pictures]))
