"""Training pictures of the lesion networks: axial slices cut to the lungs' box, as `inference/ensemble/src/prepare.rs`; or
coronal and sagittal sections of that box from the first slice with lung to the last, as `cross.rs` beside it."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .augment import OUTSIDE_HU, greys, normalised, picked, uniform
from .paths import ARRAYS
from .prepare import LESION, hu
from .specs import AXES, FOLDS, Spec

#: Row, column, rows and columns of what a network sees of a picture.
Box = tuple[int, int, int, int]


def square_around(mask: np.ndarray, margin: float) -> tuple[int, int, int]:
    """Row, column and side of the square box around a mask's rows and columns; `Square::around` in Rust."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    side = round_half_up(max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1) * (1 + 2 * margin))
    start = [round_half_up((edge[0] + edge[-1] + 1) / 2 - side / 2) for edge in (rows, columns)]
    return start[0], start[1], side


def round_half_up(value: float) -> int:
    """Rust's `round`: halves away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


class Lesions:
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
            for index, grey, labels, (row, column, side) in zip(*(arrays[k] for k in ("slices", "grey", "labels", "boxes"))):
                grow = int(side * spec.box_margin)
                if fold is None or index % 5 != fold:
                    self.single.append((grey, labels, squared((row - grow, column - grow, side + 2 * grow))))

    def sections(self, grey: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, Box]:
        """A volume's sections in the projection `[section, row, column]`, and where the lungs' box lies on each."""
        row, column, side = square_around((labels & 3).any(0), self.spec.box_margin)
        if self.projection == "axial":
            return grey, labels, squared((row, column, side))
        lung = np.flatnonzero((labels & 3).any((1, 2)))
        first, last = lung[0], lung[-1] + 1
        axes = AXES[self.projection]
        across = column if self.projection == "coronal" else row
        turned = (np.ascontiguousarray(volume[first:last].transpose(axes)) for volume in (grey, labels))
        return *turned, (0, across, int(last - first), side)

    def pick(self, random: torch.Generator) -> tuple[np.ndarray, np.ndarray, Box]:
        """HU and lesions of one slice and the box on it; patients alike often, two slices of three with lesions."""

        def one(count: int) -> int:
            return int(torch.randint(count, (1,), generator=random))

        if float(torch.rand(1, generator=random)) < self.single_share:
            grey, labels, box = self.single[one(len(self.single))]
            return hu(grey), (labels & LESION) > 0, box
        grey, labels, box, lung, sick = picked(self.volumes, self.phantoms, random)
        slices = sick if len(sick) and float(torch.rand(1, generator=random)) < 0.67 else lung
        z = slices[one(len(slices))]
        picture = hu(grey[z])
        # A thicker slice is the mean of its neighbours; its lesions are those of the middle.
        if float(torch.rand(1, generator=random)) < 0.3:
            low, high = max(z - 1, 0), min(z + 2, len(grey))
            picture = hu(grey[low:high]).mean(0)
        return picture, (labels[z] & LESION) > 0, box

    def batch(self, count: int, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        pictures, truths = [], []
        for _ in range(count):
            picture, truth, (row, column, height, width) = self.pick(random)
            rows, columns = picture.shape
            angle, zoom, stretch, right, down = (
                float(uniform(random, low, high, 1))
                for low, high in [(-15, 15), (0.85, 1.2), (0.93, 1.07), (-0.06, 0.06), (-0.06, 0.06)]
            )
            angle = math.radians(angle)
            flip = -1.0 if float(torch.rand(1, generator=random)) < 0.5 else 1.0
            up = -1.0 if float(torch.rand(1, generator=random)) < 0.25 else 1.0
            # Output pixel in [−1, 1] → picture in [−1, 1], through the box.
            half_x, half_y = width / columns * zoom * stretch, height / rows * zoom / stretch
            centre_x, centre_y = (2 * column + width * (1 + right)) / columns - 1, (2 * row + height * (1 + down)) / rows - 1
            matrix = torch.tensor(
                [
                    [flip * math.cos(angle) * half_x, -up * math.sin(angle) * half_x, centre_x],
                    [flip * math.sin(angle) * half_y, up * math.cos(angle) * half_y, centre_y],
                ],
                dtype=torch.float32,
            )
            grid = F.affine_grid(matrix[None], [1, 1, size, size], align_corners=False)
            both = torch.from_numpy(np.stack([picture - OUTSIDE_HU, truth * 1.0]).astype(np.float32))
            sample = F.grid_sample(both[None], grid, align_corners=False, padding_mode="zeros")[0]
            pictures.append(sample[:1] + OUTSIDE_HU)
            truths.append((sample[1] > 0.5).float())
        return normalised(greys(torch.stack(pictures), random, noise=40), self.spec.input), torch.stack(truths)


def statistics(spec: Spec) -> tuple[float, float]:
    """Mean and standard deviation, HU, of what the networks are trained on: slices with lung of nobody held out for
    good, and the single ones, cut to the lungs' box and not augmented."""
    source = Lesions(spec, set(FOLDS["held_out"]["lesions"]))
    pictures = [(grey[z], box) for grey, _, box, lung, _ in source.volumes for z in lung[::4]]
    pictures += [(grey, box) for grey, _, box in source.single]
    values = np.concatenate([cut(hu(grey), box).clip(*spec.input["clip_hu"]).ravel()[::7] for grey, box in pictures])
    return float(values.mean()), float(values.std())


def squared(square: tuple[int, int, int]) -> Box:
    row, column, side = square
    return row, column, side, side


def cut(picture: np.ndarray, box: Box) -> np.ndarray:
    """The part of `[rows, columns]` in the box; air beyond the picture's edge."""
    row, column, height, width = box
    edge = max(0, -row, -column, row + height - picture.shape[0], column + width - picture.shape[1])
    padded = np.pad(picture, edge, constant_values=OUTSIDE_HU)
    return padded[row + edge : row + edge + height, column + edge : column + edge + width]
