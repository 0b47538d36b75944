"""Training batches of lesion networks that shall hold on patients and scanners nobody here has seen.

Besides what `lesions.py` draws: healthy patients and scans from neck to abdomen as negatives, patients
whose lesions nobody outlined with the ensemble's answers as soft targets (`teach.py`), lungs with less
air, real lesions in other patients' lungs, and other reconstruction kernels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import crop
from .augment import augment_intensity, normalise
from .constants import LESION
from .hounsfield import hu_from_grey
from .kernels import REFILTERED, Kernel
from .lesions import Box, LesionBatches, Warp, as_box, sample_all
from .others import HEALTHY, tumour_free
from .paste import breathe_out, paste_lesions
from .paths import ARRAYS, OTHERS, TAUGHT, TRUNKS
from .specs import Spec

#: Shares of a batch: single slices and volumes with outlined lesions, patients that the ensemble
#: teaches, and slices without lesions. What isn't there leaves its share to the volumes.
SINGLE, TAUGHT_SHARE, NEGATIVE = 0.15, 0.2, 0.25
#: Of outlined slices the target is this much the ensemble's answer, where it was asked.
TEACHER = 0.5
#: Shares of the pictures whose lungs hold less air, and that get another patient's lesions.
EXPIRED_NEGATIVE, EXPIRED = 0.6, 0.2
PASTED_NEGATIVE, PASTED = 0.4, 0.1


@dataclass(frozen=True)
class Slice:
    """One slice: grey, target in [0, 1], lungs, the lungs' box, and whether it has no lesion."""

    grey: np.ndarray
    target: np.ndarray
    lungs: np.ndarray
    box: Box
    negative: bool

    def sample(self, warp: Warp, size: int, kernel: Kernel | None, random: torch.Generator) -> torch.Tensor:
        """Returns HU, target and lungs as the network sees them, `[3, size, size]`."""
        hu = hu_from_grey(self.grey)
        if kernel:
            hu = kernel.refilter(hu, random)
        hu, masks = sample_all(hu, [self.target, self.lungs], self.box, warp, size)
        return torch.cat([hu, masks])


@dataclass(frozen=True)
class Study:
    """One patient's slices with lung."""

    grey: np.ndarray
    #: u8, 255 for 1.
    target: np.ndarray
    lungs: np.ndarray
    box: Box
    negative: np.ndarray

    @classmethod
    def of(
        cls, grey: np.ndarray, labels: np.ndarray, target: np.ndarray, negative: np.ndarray, margin: float
    ) -> "Study":
        """Keeps what the batches need."""
        lungs = (labels & 3) > 0
        lit = lungs.any((1, 2))
        box = as_box(crop.square_of_mask(lungs.any(0), margin))
        return cls(grey[lit], target[lit], lungs[lit], box, negative[lit])

    def slice(self, z: int) -> Slice:
        """Returns one slice."""
        return Slice(self.grey[z], self.target[z] / 255, self.lungs[z], self.box, bool(self.negative[z]))


def taught(name: str) -> np.ndarray | None:
    """Returns what the ensemble answered on a study, u8; `None` where it wasn't asked."""
    file = TAUGHT / f"{name}.npz"
    return np.load(file)["soft"] if file.exists() else None


class WideBatches:
    """Endless batches `(inputs [batch, 1, size, size], target [batch, size, size] in [0, 1])`."""

    def __init__(self, spec: Spec, held_out: set[str], fold: int | None = None, teach: bool = True):
        self.spec = spec
        self.plain = LesionBatches(spec, held_out, fold)
        margin = spec.box_margin
        self.outlined = [
            Study.of(grey, labels, target_of(name, labels, teach), no_lesion(labels), margin)
            for name, grey, labels in studies(ARRAYS, held_out)
            if not name.startswith("phantom")
        ]
        self.unlabelled: list[Study] = []
        self.negative: list[Study] = []
        for file in sorted(OTHERS.glob("*.npz")):
            with np.load(file) as arrays:
                grey, labels, free = arrays["grey"], arrays["labels"], arrays["free"]
            if file.stem in HEALTHY:
                self.negative.append(Study.of(grey, labels, np.zeros_like(grey), free, margin))
            elif teach and (soft := taught(file.stem)) is not None:
                soft[free] = 0
                self.unlabelled.append(Study.of(grey, labels, soft, free, margin))
        for name, grey, labels in studies(TRUNKS, held_out):
            free = tumour_free(name, len(grey))
            self.negative.append(Study.of(grey[free], labels[free], np.zeros_like(grey[free]), free[free], margin))
        self.single = self.singles(teach)

    def singles(self, teach: bool) -> list[Slice]:
        """Returns the slices of many patients: with outlines, and those that the ensemble taught."""
        found = [
            Slice(grey, (labels & LESION) > 0, np.zeros(grey.shape, bool), box, False)
            for grey, labels, box in self.plain.single
        ]
        parts = sorted(TAUGHT.glob("lung-slices-*.npz")) if teach else []
        self.taught_single: list[Slice] = []
        if parts:
            soft = np.concatenate([np.load(part)["soft"] for part in parts])
            with np.load(ARRAYS / "lung-slices.npz") as arrays:
                grey, labels = arrays["grey"], arrays["labels"]
            for picture, mask, target in zip(grey, labels, soft, strict=False):
                box = as_box(crop.square_of_mask((mask & 3) > 0, self.spec.box_margin))
                self.taught_single.append(Slice(picture, target / 255, (mask & 3) > 0, box, False))
        return found

    def pick(self, random: torch.Generator) -> Slice:
        """Draws a slice; every patient is as frequent as the others of its kind."""

        def one(count: int) -> int:
            return int(torch.randint(count, (1,), generator=random))

        at = float(torch.rand(1, generator=random))
        if at < SINGLE:
            return self.single[one(len(self.single))]
        at -= SINGLE
        if at < TAUGHT_SHARE and (self.unlabelled or self.taught_single):
            if self.taught_single and (not self.unlabelled or float(torch.rand(1, generator=random)) < 0.4):
                return self.taught_single[one(len(self.taught_single))]
            study = self.unlabelled[one(len(self.unlabelled))]
            return study.slice(one(len(study.grey)))
        at -= TAUGHT_SHARE
        if 0 <= at < NEGATIVE and self.negative:
            study = self.negative[one(len(self.negative))]
            return study.slice(one(len(study.grey)))
        if float(torch.rand(1, generator=random)) < 0.08 and self.plain.phantoms:
            grey, labels, box, lung, _ = self.plain.phantoms[one(len(self.plain.phantoms))]
            z = lung[one(len(lung))]
            return Slice(grey[z], (labels[z] & LESION) > 0, (labels[z] & 3) > 0, box, False)
        return self.pick_outlined(random, 0.67)

    def pick_outlined(self, random: torch.Generator, sick_share: float) -> Slice:
        """Draws a slice of a volume with outlines, with lesions in this share of the cases."""
        study = self.outlined[int(torch.randint(len(self.outlined), (1,), generator=random))]
        sick = np.flatnonzero(~study.negative)
        every = np.arange(len(study.grey))
        slices = sick if len(sick) and float(torch.rand(1, generator=random)) < sick_share else every
        return study.slice(int(slices[int(torch.randint(len(slices), (1,), generator=random))]))

    def picture(self, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draws one augmented slice: HU `[1, size, size]` and target `[size, size]`."""

        def with_probability(share: float) -> bool:
            return float(torch.rand(1, generator=random)) < share

        chosen = self.pick(random)
        kernel = Kernel.random(random) if with_probability(REFILTERED) else None
        values = chosen.sample(Warp.random(random), size, kernel, random)
        hu, target, lungs = values[:1], values[1], values[2]
        if with_probability(EXPIRED_NEGATIVE if chosen.negative else EXPIRED):
            hu = breathe_out(hu, lungs, random)
        if with_probability(PASTED_NEGATIVE if chosen.negative else PASTED):
            other = self.pick_outlined(random, 1.0).sample(Warp.random(random), size, None, random)
            hu, target = paste_lesions((hu, target, lungs), (other[:1], (other[1] > 0.5).float()), random)
        return hu, target

    def batch(self, count: int, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draws a batch of augmented slices."""
        pictures = [self.picture(random, size) for _ in range(count)]
        hu = torch.stack([hu for hu, _ in pictures])
        inputs = normalise(augment_intensity(hu, random, noise=40), self.spec.input)
        return inputs, torch.stack([target for _, target in pictures])


def studies(folder: Path, held_out: set[str]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Returns name, grey and labels of the studies in a folder that nobody keeps apart."""
    found = []
    for file in sorted(folder.glob("*-[0-9]*.npz")):
        with np.load(file) as arrays:
            if str(arrays["patient"]) not in held_out:
                found.append((file.stem, arrays["grey"], arrays["labels"]))
    return found


def no_lesion(labels: np.ndarray) -> np.ndarray:
    """Returns which slices of a volume with outlines have no lesion."""
    return ~((labels & LESION) > 0).any((1, 2))


def target_of(name: str, labels: np.ndarray, teach: bool) -> np.ndarray:
    """Returns the outlines of a volume, u8, softened by the ensemble's answers; slices without lesion stay 0."""
    outlined = np.where(labels & LESION, 255, 0).astype(np.uint8)
    soft = taught(name) if teach else None
    if soft is None:
        return outlined
    mixed = np.rint(outlined * (1 - TEACHER) + soft * TEACHER).astype(np.uint8)
    mixed[no_lesion(labels)] = 0
    return mixed
