"""Training batches of the lesion networks.

An axial network sees slices cut to the lungs' square box, a coronal or sagittal one sections of
that box from the first slice with lung to the last. Without augmentation a slice becomes what
`crop.crop` makes of it, but for two things: a reduced slice is sampled bilinearly and not weighted
by area, and at the box's edge the pixels outside it count.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from . import crop
from .augment import augment_intensity, normalise, pick_volume, uniform
from .constants import LESION, PADDING_HU
from .crop import Square
from .hounsfield import hu_from_grey
from .paths import ARRAYS
from .specs import AXES, FOLDS, Spec

#: First row, first column, rows and columns of what a network sees of a slice.
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Warp:
    """An affine change of what is sampled; `right` and `down` in widths and heights of the box."""

    radians: float = 0.0
    zoom: float = 1.0
    stretch: float = 1.0
    right: float = 0.0
    down: float = 0.0
    #: −1 mirrors left and right, or top and bottom.
    flip_columns: float = 1.0
    flip_rows: float = 1.0

    @classmethod
    def random(cls, random: torch.Generator) -> "Warp":
        """Draws a warp."""
        degrees, zoom, stretch, right, down = (
            float(uniform(random, low, high, 1))
            for low, high in [(-15, 15), (0.85, 1.2), (0.93, 1.07), (-0.06, 0.06), (-0.06, 0.06)]
        )
        flips = [-1.0 if float(torch.rand(1, generator=random)) < share else 1.0 for share in (0.5, 0.25)]
        return cls(math.radians(degrees), zoom, stretch, right, down, *flips)


def sample(
    picture: np.ndarray, truth: np.ndarray, box: Box, warp: Warp, size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples the box of a slice in HU and of its mask; returns `[1, size, size]` HU and `[size, size]`, 0 or 1."""
    hu, masks = sample_all(picture, [truth], box, warp, size)
    return hu, (masks[0] > 0.5).float()


def sample_all(
    picture: np.ndarray, masks: list[np.ndarray], box: Box, warp: Warp, size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples the box of a slice in HU and of masks in [0, 1]; returns `[1, size, size]` HU and a mask each."""
    row, column, height, width = box
    rows, columns = picture.shape
    cos, sin = math.cos(warp.radians), math.sin(warp.radians)
    # From the output's pixels in [−1, 1] to the slice's in [−1, 1], through the box.
    half_x = width / columns * warp.zoom * warp.stretch
    half_y = height / rows * warp.zoom / warp.stretch
    centre_x = (2 * column + width * (1 + warp.right)) / columns - 1
    centre_y = (2 * row + height * (1 + warp.down)) / rows - 1
    matrix = torch.tensor(
        [
            [warp.flip_columns * cos * half_x, -warp.flip_rows * sin * half_x, centre_x],
            [warp.flip_columns * sin * half_y, warp.flip_rows * cos * half_y, centre_y],
        ],
        dtype=torch.float32,
    )
    grid = F.affine_grid(matrix[None], [1, 1, size, size], align_corners=False)
    # Above air's HU, so that the zeros beyond the slice's edge are air.
    stack = np.stack([picture - PADDING_HU, *(mask * 1.0 for mask in masks)]).astype(np.float32)
    sampled = F.grid_sample(torch.from_numpy(stack)[None], grid, align_corners=False, padding_mode="zeros")[0]
    return sampled[:1] + PADDING_HU, sampled[1:]


class LesionBatches:
    """Endless batches `(inputs [batch, 1, size, size], truth [batch, size, size])`."""

    #: Share of a batch that comes from the single slices of many patients.
    SINGLE = 0.3

    def __init__(self, spec: Spec, held_out: set[str], fold: int | None = None, single_only: bool = False):
        (self.projection,) = spec.projections
        # Single slices are axial.
        single_share = self.SINGLE if self.projection == "axial" else 0.0
        self.spec, self.single_share = spec, 1.0 if single_only else single_share
        self.volumes, self.phantoms = [], []
        for file in [] if single_only else sorted(ARRAYS.glob("*-[0-9]*.npz")):
            with np.load(file) as arrays:
                if str(arrays["patient"]) in held_out:
                    continue
                grey, labels = arrays["grey"], arrays["labels"]
            grey, labels, box = self.sections(grey, labels)
            lung = np.flatnonzero((labels & 3).any((1, 2)))
            sick = np.flatnonzero((labels & LESION).sum((1, 2)) >= 20)
            pool = self.phantoms if file.name.startswith("phantom") else self.volumes
            pool.append((grey, labels, box, lung, sick))
        with np.load(ARRAYS / "ct100.npz") as arrays:
            self.single = []
            fields = (arrays[name] for name in ("slices", "grey", "labels", "boxes"))
            for index, grey, labels, square in zip(*fields, strict=True):
                if fold is None or index % 5 != fold:
                    self.single.append((grey, labels, as_box(with_margin(square, spec.box_margin))))

    def sections(self, grey: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, Box]:
        """Returns a volume's sections in the projection `[section, row, column]`, and the lungs' box on each."""
        row, column, side = crop.square_of_mask((labels & 3).any(0), self.spec.box_margin)
        if self.projection == "axial":
            return grey, labels, as_box((row, column, side))
        lung = np.flatnonzero((labels & 3).any((1, 2)))
        first, last = lung[0], lung[-1] + 1
        axes = AXES[self.projection]
        across = column if self.projection == "coronal" else row
        turned = (np.ascontiguousarray(volume[first:last].transpose(axes)) for volume in (grey, labels))
        return *turned, (0, across, int(last - first), side)

    def pick(self, random: torch.Generator) -> tuple[np.ndarray, np.ndarray, Box]:
        """Draws one slice: its HU, its lesions and the box on it.

        Every patient is as frequent as the others; two slices of three have lesions.
        """

        def one(count: int) -> int:
            return int(torch.randint(count, (1,), generator=random))

        if float(torch.rand(1, generator=random)) < self.single_share:
            grey, labels, box = self.single[one(len(self.single))]
            return hu_from_grey(grey), (labels & LESION) > 0, box
        grey, labels, box, lung, sick = pick_volume(self.volumes, self.phantoms, random)
        slices = sick if len(sick) and float(torch.rand(1, generator=random)) < 0.67 else lung
        z = slices[one(len(slices))]
        picture = hu_from_grey(grey[z])
        # A thicker slice is the mean of its neighbours; its lesions are those of the middle.
        if float(torch.rand(1, generator=random)) < 0.3:
            low, high = max(z - 1, 0), min(z + 2, len(grey))
            picture = hu_from_grey(grey[low:high]).mean(0)
        return picture, (labels[z] & LESION) > 0, box

    def batch(self, count: int, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draws a batch of augmented slices."""
        pictures, truths = [], []
        for _ in range(count):
            picture, truth, box = self.pick(random)
            picture, truth = sample(picture, truth, box, Warp.random(random), size)
            pictures.append(picture)
            truths.append(truth)
        inputs = normalise(augment_intensity(torch.stack(pictures), random, noise=40), self.spec.input)
        return inputs, torch.stack(truths)


def statistics(spec: Spec) -> tuple[float, float]:
    """Returns mean and standard deviation, HU, of what the networks are trained on.

    Counted are slices with lung of nobody who is held out for good, and the single ones, cut to the
    lungs' box and not augmented.
    """
    source = LesionBatches(spec, set(FOLDS["held_out"]["lesions"]))
    pictures = [(grey[z], box) for grey, _, box, lung, _ in source.volumes for z in lung[::4]]
    pictures += [(grey, box) for grey, _, box in source.single]
    low, high = spec.input["clip_hu"]
    cropped = (crop.cut(torch.from_numpy(hu_from_grey(grey))[None], box[:3]) for grey, box in pictures)
    values = np.concatenate([c.clamp(low, high).numpy().ravel()[::7] for c in cropped])
    return float(values.mean()), float(values.std())


def as_box(square: Square) -> Box:
    """Returns a square with its rows and columns."""
    row, column, side = square
    return row, column, side, side


def with_margin(square: Square, margin: float) -> Square:
    """Returns a square of whole pixels that is wider by a share of its side at each side."""
    row, column, side = (int(value) for value in square)
    grow = int(side * margin)
    return row - grow, column - grow, side + 2 * grow
