"""Training batches of a finer lung mask: an axial network at 256² on the lungs' box, shown what the cube of 128³ says.

The cube is several times coarser than a study, and no mask on it is better than an IoU of about .98.
`rim_figures.py` keeps the cube's answers (`COARSE/NAME.npz`: u8 `[2, slice, row, column]`, right and
left), and tells what the network is worth.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from . import crop
from .augment import augment_intensity, gaussian_blur, normalise, uniform
from .constants import LEFT, LESION, PADDING_HU, RIGHT
from .hounsfield import hu_from_grey
from .kernels import Kernel
from .lesions import Box, Warp, as_box, sample_all
from .lungs import CONSOLIDATED, EXPIRED, GASSED, TRUNK_SHARE, add_consolidation, add_expiration, add_gas
from .paths import ARRAYS, COARSE, TRUNKS
from .specs import Spec

#: Slices beyond the lungs that are shown, too: there is nothing to be found on them.
BEYOND = 3
#: Share of the pictures on which the cube's answer is blurred once more, so that it isn't trusted
#: blindly.
BLURRED = 0.3
#: Share of the pictures that another reconstruction kernel would have made.
REFILTERED = 0.3


def studies() -> list[tuple[Path, str]]:
    """Returns every array with lungs and its patient."""
    files = [f for f in sorted(ARRAYS.glob("*-[0-9]*.npz")) if not f.name.startswith("phantom")]
    found = []
    for file in [*files, *sorted(TRUNKS.glob("*.npz"))]:
        with np.load(file) as arrays:
            found.append((file, str(arrays["patient"])))
    return found


def winners(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Returns the side that wins over the other and the background, 0 for neither; probabilities of 255 steps."""
    right, left = right.astype(np.int16), left.astype(np.int16)
    rest = 255 - right - left
    return np.where((right > left) & (right > rest), RIGHT, np.where((left > right) & (left > rest), LEFT, 0))


@dataclass(frozen=True)
class RimStudy:
    """A study's slices around its lungs: grey, lungs, lesions, the cube's answer `[2, …]`, and its box."""

    grey: np.ndarray
    lungs: np.ndarray
    lesions: np.ndarray
    coarse: np.ndarray
    box: Box

    @classmethod
    def load(cls, file: Path, margin: float) -> "RimStudy":
        """Reads one study."""
        with np.load(file) as arrays:
            grey, labels = arrays["grey"], arrays["labels"]
        lungs, lesions = labels & 3, (labels & LESION) > 0
        found = np.load(COARSE / file.name)["coarse"]
        mask = winners(*found) > 0
        lit = np.flatnonzero((mask | (lungs > 0)).any((1, 2)))
        kept = slice(max(lit[0] - BEYOND, 0), lit[-1] + BEYOND + 1)
        box = as_box(crop.square_of_mask(mask.any(0), margin))
        return cls(grey[kept], lungs[kept], lesions[kept], found[:, kept], box)


class RimBatches:
    """Endless batches `(inputs [batch, 3, size, size], classes [batch, size, size])`."""

    def __init__(self, spec: Spec, held_out: set[str]):
        self.spec = spec
        kept = [(file, patient) for file, patient in studies() if patient not in held_out]
        self.volumes = [RimStudy.load(f, spec.box_margin) for f, _ in kept if f.parent != TRUNKS]
        self.trunks = [RimStudy.load(f, spec.box_margin) for f, _ in kept if f.parent == TRUNKS]

    def picture(self, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Draws one augmented slice: HU, what the cube says `[2, size, size]`, and classes."""

        def with_probability(share: float) -> bool:
            return float(torch.rand(1, generator=random)) < share

        pool = self.trunks if self.trunks and with_probability(TRUNK_SHARE) else self.volumes
        study = pool[int(torch.randint(len(pool), (1,), generator=random))]
        z = int(torch.randint(len(study.grey), (1,), generator=random))
        hu = hu_from_grey(study.grey[z])
        if with_probability(REFILTERED):
            hu = Kernel.random(random).refilter(hu, random)
        sides = [study.lungs[z] == RIGHT, study.lungs[z] == LEFT]
        # Right and left aren't alike: no mirror.
        warp = replace(Warp.random(random), flip_columns=1.0, flip_rows=1.0)
        hu, masks = sample_all(hu, [*sides, *(study.coarse[:, z] / 255)], study.box, warp, size)
        sample, said = torch.cat([hu - PADDING_HU, masks[:2]]), masks[2:]
        if with_probability(CONSOLIDATED):
            sample = add_consolidation(sample, random)
        if with_probability(EXPIRED):
            down = torch.linspace(-1, 1, size)[:, None].expand(size, size)
            sample = add_expiration(sample, down, random)
        if with_probability(GASSED):
            sample = add_gas(sample, random)
        if with_probability(BLURRED):
            said = gaussian_blur(said[:, None], uniform(random, 1, 3, 1).expand(2))[:, 0]
        classes = torch.zeros(sample.shape[1:], dtype=torch.long)
        classes[sample[1] > 0.5] = 1
        classes[sample[2] > 0.5] = 2
        return sample[:1] + PADDING_HU, said, classes

    def batch(self, count: int, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draws a batch of augmented slices."""
        hu, said, classes = (
            torch.stack(parts) for parts in zip(*(self.picture(random, size) for _ in range(count)), strict=True)
        )
        values = normalise(augment_intensity(hu, random, noise=60), self.spec.input)
        return torch.cat([values, said], 1), classes
