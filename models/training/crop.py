"""What a network sees of a study when nothing is augmented: the crop that `inference/ensemble` makes, in PyTorch.

`tests/training_crop.rs` of that crate holds Rust's preparation to the fixture that `fixture.py`
makes of these functions.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .augment import normalise
from .constants import PADDING_HU

#: First row, first column and side of a square; it may reach past the picture.
Square = tuple[int, int, int]


def round_half_up(value: float) -> int:
    """Rounds as Rust does: halves away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def square_around(rows: tuple[int, int], columns: tuple[int, int], margin: float) -> Square:
    """Returns the square box around the first and last row and column, `margin` of its side wider at each side."""
    side = round_half_up(max(last - first + 1 for first, last in (rows, columns)) * (1 + 2 * margin))
    starts = (round_half_up((first + last + 1) / 2 - side / 2) for first, last in (rows, columns))
    return *starts, max(side, 1)


def square_of_mask(mask: np.ndarray, margin: float) -> Square:
    """Returns the square box around a mask `[rows, columns]` that isn't empty."""
    ends = [(int(where[0]), int(where[-1])) for where in (mask.any(1).nonzero()[0], mask.any(0).nonzero()[0])]
    return square_around(*ends, margin)


def resize(pictures: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Resizes `[count, rows, columns]`: bilinear when enlarging, weighted by area when reducing."""
    return F.interpolate(pictures[:, None], (rows, columns), mode="bilinear", antialias=True)[:, 0]


def cut(pictures: torch.Tensor, square: Square) -> torch.Tensor:
    """Returns the square of `[count, rows, columns]` HU; air beyond the pictures' edge."""
    row, column, side = square
    rows, columns = pictures.shape[-2:]
    edge = max(0, -row, -column, row + side - rows, column + side - columns)
    padded = F.pad(pictures, (edge, edge, edge, edge), value=PADDING_HU)
    return padded[:, row + edge : row + edge + side, column + edge : column + edge + side]


def crop(pictures: torch.Tensor, square: Square, given: dict) -> torch.Tensor:
    """Returns what a lesion network of this `input` sees of `[count, rows, columns]` HU, `[count, 1, size, size]`."""
    size = given["size"]
    return normalise(resize(cut(pictures, square).clamp(*given["clip_hu"]), size, size), given)[:, None]


def paste(probabilities: torch.Tensor, square: Square, rows: int, columns: int) -> torch.Tensor:
    """Returns probabilities `[count, size, size]` of a square on the pictures' own pixels, 0 outside the square."""
    row, column, side = square
    edge = max(0, -row, -column, row + side - rows, column + side - columns)
    out = torch.zeros(len(probabilities), rows + 2 * edge, columns + 2 * edge)
    out[:, row + edge : row + edge + side, column + edge : column + edge + side] = resize(probabilities, side, side)
    return out[:, edge : edge + rows, edge : edge + columns]


def whole_volume(hu: torch.Tensor, given: dict) -> torch.Tensor:
    """Returns what the lung network sees of `[slices, rows, columns]` HU: `size` voxels along every axis."""
    size = given["size"]
    planes = resize(hu.clamp(*given["clip_hu"]), size, size)
    along = resize(planes.reshape(1, len(planes), -1), size, size * size)[0]
    return normalise(along.reshape(size, size, size), given)
