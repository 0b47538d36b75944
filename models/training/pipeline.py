"""The page's pipeline on one volume, in PyTorch: lungs from three projections, then lesions in the lungs' box.

Mirrors `inference/ensemble` step by step, so that figures measured here are those of the page.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import nn

from .augment import OUTSIDE_HU, normalised
from .lesions import square_around
from .specs import AXES, BACK, SPECS, Spec

#: Steps of a probability of 1, in which members are counted.
UNIT = 2048
#: Every how many slices of a projection are computed.
STEP = 2
#: The rim of a lung: voxels lighter than this, both sides' probabilities together above `NEARLY`,
#: that a way of such voxels of at most `RIM_MM` joins to a voxel whose side wins.
AERATED_HU = -300
NEARLY = 0.3
RIM_MM = 10.0
#: Steps in which that way is counted, per millimetre.
STEPS_PER_MM = 100
#: Distance of neighbouring slices, rows and columns, mm, where it isn't known: most volumes with
#: masks don't say.
NOMINAL_MM = (2.0, 1.0, 1.0)
#: Sections of the other projections that are computed beside what the axial slices show.
BESIDE = 4
#: Pieces of a lung smaller than this share of its largest are dropped.
ISLAND = 0.1


def resized(pictures: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """`[count, rows, columns]` by a triangle filter; `resize.rs`."""
    return F.interpolate(pictures[:, None], (rows, columns), mode="bilinear", antialias=True)[:, 0]


def along(volume: torch.Tensor, slices: int) -> torch.Tensor:
    """`[slices, rows, columns]` resized along its first axis."""
    flat = volume.reshape(1, len(volume), -1)
    return resized(flat, slices, flat.shape[2])[0].reshape(slices, *volume.shape[1:])


def in_planes(volume: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    return torch.cat([resized(part, rows, columns) for part in volume.split(16)])


def cube(hu: torch.Tensor, spec: Spec) -> torch.Tensor:
    """The whole volume, resized to the network's size along every axis, normalised."""
    size = spec.size
    return normalised(along(in_planes(hu.clamp(*spec.input["clip_hu"]), size, size), size), spec.input)


@torch.no_grad()
def lung_probabilities(
    hu: torch.Tensor, network: Callable[[torch.Tensor], torch.Tensor], spec: Spec = SPECS["lungs"]
) -> torch.Tensor:
    """Right and left on the cube, `[2, size, size, size]`, the mean over the projections."""
    size, grey = spec.size, cube(hu, spec)
    centres = (torch.arange(size) + 0.5) / size * 2 - 1
    z, y, x = torch.meshgrid(centres, centres, centres, indexing="ij")
    total = torch.zeros(2, size, size, size)
    seen = torch.zeros(0)
    for projection in spec.projections:
        channels = torch.stack([c.permute(AXES[projection]) for c in (grey, x, y, z)], 1)[::STEP]
        first, last = extent(seen, projection) or (0, size)
        fitting = [i for i in range(len(channels)) if first <= STEP * i <= last]
        answers = torch.zeros(len(channels), 2, size, size)
        answers[fitting] = torch.cat([network(part).softmax(1)[:, 1:] for part in channels[fitting].split(16)])
        if projection == "axial":
            seen = answers
        every = between(answers)
        for side in range(2):
            total[side] += every[:, side].permute(BACK[projection]) / len(spec.projections)
    for side in range(2):
        own, other = total[side], total[1 - side]
        mask = wins(own, other).numpy()
        pieces, count = ndimage.label(mask)
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)
        sizes[0] = 0
        own[torch.from_numpy(mask & ~(sizes >= ISLAND * sizes.max())[pieces])] = 0
    return total


def extent(axial: torch.Tensor, projection: str) -> tuple[int, int] | None:
    """First and last section of a projection that the axial answers `[slice, side, row, column]` reach, with a margin."""
    found = (axial > 0.5).any(1).nonzero() if len(axial) else axial
    if not len(found):
        return None
    sections = found[:, 1 if projection == "coronal" else 2]
    return int(sections.min()) - BESIDE, int(sections.max()) + BESIDE


def wins(own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return (own > other) & (own > 1 - own - other)


def lung_labels(
    probabilities: torch.Tensor, hu: torch.Tensor, spacing_mm: tuple[float, float, float] = NOMINAL_MM
) -> np.ndarray:
    """Label bytes 1 (right) and 2 (left) on the grid of `hu`, `[slices, rows, columns]`."""
    right, left = (in_planes(along(p, len(hu)), *hu.shape[1:]) for p in probabilities)
    strong = wins(right, left) | wins(left, right)
    weak = (hu < AERATED_HU) & (right + left > NEARLY) & ~strong
    lungs = keep_connected(strong.numpy(), weak.numpy(), spacing_mm)
    return np.where(lungs, np.where(right > left, 1, 2), 0).astype(np.uint8)


def keep_connected(strong: np.ndarray, weak: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """`strong`, and those of `weak` that a path of weak voxels joins to it, at most `RIM_MM` long; `hysteresis.rs`."""
    steps = [max(1, int(mm * STEPS_PER_MM + 0.5)) for mm in spacing_mm]
    reach = int(RIM_MM * STEPS_PER_MM + 0.5)
    # Background all around: a neighbour's index never leads to another row.
    kept, weak = np.pad(strong, 1), np.pad(weak, 1)
    shape, strides = kept.shape, (kept.strides[0], kept.strides[1], 1)
    kept, weak = kept.ravel(), weak.ravel()
    moves = [(step, sign * stride) for step, stride in zip(steps, strides) for sign in (1, -1)]
    front: dict[int, list[np.ndarray]] = {}
    at = np.flatnonzero(weak)
    for step, stride in moves:
        front.setdefault(step, []).append(at[kept[at + stride]])
    while (distance := min(front, default=reach + 1)) <= reach:
        at = np.unique(np.concatenate(front.pop(distance)))
        at = at[~kept[at]]
        kept[at] = True
        for step, stride in moves:
            after = at + stride
            front.setdefault(distance + step, []).append(after[weak[after] & ~kept[after]])
    return kept.reshape(shape)[1:-1, 1:-1, 1:-1]


def box_inputs(pictures: torch.Tensor, square: tuple[int, int, int], spec: Spec) -> torch.Tensor:
    """What a lesion network sees of slices in HU, `[slices, 1, size, size]`: the box, resized and normalised."""
    return normalised(boxed(pictures, square, spec), spec.input)[:, None]


def boxed(pictures: torch.Tensor, square: tuple[int, int, int], spec: Spec) -> torch.Tensor:
    """The box of slices in HU, `[slices, size, size]`."""
    row, column, side = square
    edge = overhang(square, pictures.shape)
    padded = F.pad(pictures, (edge, edge, edge, edge), value=OUTSIDE_HU)
    box = padded[:, row + edge : row + edge + side, column + edge : column + edge + side].clamp(*spec.input["clip_hu"])
    return resized(box, spec.size, spec.size)


def from_box(answers: torch.Tensor, square: tuple[int, int, int], shape: tuple[int, ...]) -> torch.Tensor:
    """Probabilities `[slices, size, size]` back on the slices' grid, 0 outside the box."""
    row, column, side = square
    edge = overhang(square, shape)
    back = torch.zeros(len(answers), shape[-2] + 2 * edge, shape[-1] + 2 * edge)
    back[:, row + edge : row + edge + side, column + edge : column + edge + side] = resized(answers, side, side)
    return back[:, edge : edge + shape[-2], edge : edge + shape[-1]]


def overhang(square: tuple[int, int, int], shape: tuple[int, ...]) -> int:
    """How many pixels the box reaches beyond the picture, at most."""
    row, column, side = square
    return max(0, -row, -column, row + side - shape[-2], column + side - shape[-1])


def steps(probabilities: torch.Tensor) -> np.ndarray:
    """Probabilities in the vote's whole steps, u16; `vote.rs`."""
    return (probabilities * UNIT).round().numpy().astype(np.uint16)


@torch.no_grad()
def lesion_steps(hu: torch.Tensor, lungs: np.ndarray, network: nn.Module, spec: Spec) -> np.ndarray:
    """One network's probabilities in every lung voxel, in the order of `lungs > 0`, as the vote's steps."""
    if not spec.axial:
        return sections_steps(hu, lungs, network, spec)
    square = square_around(lungs.any(0), spec.box_margin)
    found = []
    for some in np.array_split(np.flatnonzero(lungs.any((1, 2))), max(1, len(lungs) // 8)):
        answers = network(box_inputs(hu[some], square, spec))[:, 0].sigmoid()
        found.append(steps(from_box(answers, square, hu.shape))[lungs[some] > 0])
    return np.concatenate(found)


def sections_steps(hu: torch.Tensor, lungs: np.ndarray, network: nn.Module, spec: Spec) -> np.ndarray:
    """`lesion_steps` of a network that sees coronal or sagittal sections; `cross.rs`."""
    (projection,) = spec.projections
    square, lit = square_around(lungs.any(0), spec.box_margin), np.flatnonzero(lungs.any((1, 2)))
    first, last = int(lit[0]), int(lit[-1]) + 1
    cube = normalised(along(boxed(hu[first:last], square, spec), spec.size), spec.input)
    sections = cube.permute(AXES[projection])[::STEP, None]
    answers = torch.cat([network(some)[:, 0].sigmoid() for some in sections.split(16)])
    box = along(between(answers).permute(BACK[projection]), last - first)
    return steps(from_box(box, square, hu.shape))[lungs[first:last] > 0]


def between(sections: torch.Tensor) -> torch.Tensor:
    """Every section of those of which only every second was computed: the mean of its neighbours."""
    after = torch.cat([sections[1:], sections[-1:]])
    return torch.stack([sections, (sections + after) / 2], 1).flatten(0, 1)
