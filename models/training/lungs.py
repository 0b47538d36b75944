"""Training batches of the lung network: slices of a randomly cropped, stretched and turned volume.

As in the product (`inference/ensemble/src/lung_segmentation.rs`) the cube spans the whole study,
resized to 128 along every axis; the channels are grey and the voxel's x, y, z in [−1, 1].
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .augment import PHANTOM_SHARE, augment_intensity, normalise, uniform
from .constants import PADDING_HU
from .hounsfield import hu_from_grey
from .paths import ARRAYS, TRUNKS
from .specs import Spec

#: Rows and columns kept of a volume: a little more than the networks see, so that zooming in shows
#: something.
PLANE = 160
#: Share of the pictures that come from scans from neck to abdomen, where there are any.
TRUNK_SHARE = 0.4
#: Shares of the pictures in which part of a lung is made airless, whose lungs hold less air, and
#: that get gas beside the lungs.
CONSOLIDATED, EXPIRED, GASSED = 0.3, 0.3, 0.1


def smooth_noise(size: int, random: torch.Generator) -> torch.Tensor:
    """Draws smooth noise in about [0, 1], `[size, size]`, with 3 to 8 blotches a side."""
    cells = int(torch.randint(3, 9, (1,), generator=random))
    return F.interpolate(torch.rand((1, 1, cells, cells), generator=random), (size, size), mode="bicubic")[0, 0]


def add_consolidation(sample: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Makes part of the lungs as dense as soft tissue: the few patients show little consolidation."""
    size = sample.shape[-1]
    lungs = sample[1:].sum(0).clamp(0, 1)
    # Heavier down the picture: at the back of an axial slice, as in a lying patient.
    field = smooth_noise(size, random) + float(uniform(random, 0, 0.6, 1)) * torch.linspace(-0.5, 0.5, size)[:, None]
    # And in half of the pictures at the pleura.
    pleura = 1 - F.avg_pool2d(lungs[None], 15, 1, 7, count_include_pad=False)[0]
    field = field + max(0.0, float(uniform(random, -1.5, 1.5, 1))) * (pleura - 0.2)
    blotch = ((field - float(uniform(random, 0.45, 0.9, 1))) * 12).clamp(0, 1) * lungs
    density = float(uniform(random, -350, 70, 1)) - PADDING_HU
    blotch = blotch * float(uniform(random, 0.6, 1, 1))
    return torch.cat([(sample[0] * (1 - blotch) + density * blotch)[None], sample[1:]])


def add_expiration(sample: torch.Tensor, y: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Takes air from the lungs, most at the back, as in a lying patient who breathes out; `y` rises to the back."""
    loss = float(uniform(random, 0, 0.3, 1)) + float(uniform(random, -0.05, 0.25, 1)) * y
    air = (-PADDING_HU - sample[0]).clamp(0, 1000) * sample[1:].sum(0).clamp(0, 1)
    return torch.cat([(sample[0] + air * loss.clamp(0, 0.6))[None], sample[1:]])


def add_gas(sample: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Puts gas into the body, away from the lungs: bowel, stomach and gullet hold more than the few patients show."""
    near = F.max_pool2d(sample[1:].sum(0)[None], 9, 1, 4)[0] > 0.05
    body = (sample[0] > -200 - PADDING_HU) & ~near
    blotch = ((smooth_noise(sample.shape[-1], random) - float(uniform(random, 0.6, 0.9, 1))) * 12).clamp(0, 1) * body
    gas = float(uniform(random, -1000, -800, 1)) - PADDING_HU
    return torch.cat([(sample[0] * (1 - blotch) + gas * blotch)[None], sample[1:]])


def lung_free_ends(labels: np.ndarray) -> tuple[float, float]:
    """Returns how much of a volume is below and above its lungs, in the unit of `grid_sample`: the volume has 2.

    0 where that is too little to tell.
    """
    lit = np.flatnonzero((labels & 3).any((1, 2)))
    ends = ((edge - 1) / len(labels) * 2 for edge in (lit[0], len(labels) - 1 - lit[-1]))
    below, above = (end if end > 0.04 else 0.0 for end in ends)
    return below, above


def mirror_ends(w: torch.Tensor, below: float, above: float) -> torch.Tensor:
    """Mirrors places beyond a volume's ends back into what is below and above its lungs."""
    for sign, free in ((-1, below), (1, above)):
        if free:
            beyond = (sign * w - 1).clamp(min=0) % (2 * free)
            w = torch.where(sign * w > 1, sign * (1 - torch.minimum(beyond, 2 * free - beyond)), w)
    return w


def downsampled(grey: np.ndarray, labels: np.ndarray) -> torch.Tensor:
    """Returns `[3, slices, PLANE, PLANE]`: HU above `PADDING_HU` (so that padding by zeros is air), right, left."""
    stack = np.stack([hu_from_grey(grey) - PADDING_HU, (labels & 3) == 1, (labels & 3) == 2], 1).astype(np.float32)
    return (
        torch.cat(
            [
                F.interpolate(torch.from_numpy(stack[i : i + 16]), (PLANE, PLANE), mode="bilinear", antialias=True)
                for i in range(0, len(stack), 16)
            ]
        )
        .transpose(0, 1)
        .contiguous()
    )


class LungBatches:
    """Endless batches `(inputs [batch, 4, size, size], classes [batch, size, size])`."""

    def __init__(
        self,
        spec: Spec,
        held_out: set[str],
        projections: tuple[str, ...],
        fold: int | None = None,
        flat_share: float = 0.2,
    ):
        self.spec, self.projections = spec, projections
        #: Each as a cube, and how much of it lies below and above the lungs.
        self.volumes, self.phantoms, self.trunks = [], [], []
        for file in [*sorted(ARRAYS.glob("*-[0-9]*.npz")), *sorted(TRUNKS.glob("*.npz"))]:
            with np.load(file) as arrays:
                if str(arrays["patient"]) in held_out:
                    continue
                grey, labels = arrays["grey"], arrays["labels"]
            pool = (
                self.trunks
                if file.parent == TRUNKS
                else self.phantoms
                if file.name.startswith("phantom")
                else self.volumes
            )
            pool.append((downsampled(grey, labels), lung_free_ends(labels)))
        self.flat = []
        if "axial" in projections:
            with np.load(ARRAYS / "lung-slices.npz") as arrays:
                pairs = zip(arrays["grey"], arrays["labels"], strict=True)
                self.flat = [
                    (downsampled(g[None], m[None]), (0.0, 0.0))
                    for i, (g, m) in enumerate(pairs)
                    if fold is None or i % 5 != fold
                ]
        self.flat_share = flat_share if self.flat else 0.0

    def pick(self, random: torch.Generator) -> tuple[torch.Tensor, tuple[float, float]]:
        """Draws a volume, a scan from neck to abdomen or a phantom."""
        at = float(torch.rand(1, generator=random))
        trunks = TRUNK_SHARE if self.trunks else 0.0
        pool = self.phantoms if at < PHANTOM_SHARE else self.trunks if at < PHANTOM_SHARE + trunks else self.volumes
        return pool[int(torch.randint(len(pool), (1,), generator=random))]

    def slice_grid(
        self, random: torch.Generator, projection: str, flat: bool, free: tuple[float, float], size: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draws where one slice is in the volume, `[size, size, 3]` for `grid_sample`; and its coordinates."""

        def one(low: float, high: float) -> float:
            return float(uniform(random, low, high, 1))

        centres = (torch.arange(size) + 0.5) / size * 2 - 1
        fixed = torch.full((size, size), float(centres[int(torch.randint(size, (1,), generator=random))]))
        across, down = centres[None].expand(size, size), centres[:, None].expand(size, size)
        x, y, z = {
            "axial": (across, down, fixed),
            "coronal": (across, fixed, down),
            "sagittal": (fixed, across, down),
        }[projection]
        coordinates = torch.stack([x, y, z])
        # In the plane: turned, zoomed (a smaller or larger field of view), stretched, shifted.
        angle = math.radians(one(-12, 12))
        zoom = math.exp(one(math.log(0.62), math.log(1.25)))
        sx, sy = zoom * one(0.92, 1.08), zoom * one(0.92, 1.08)
        dx, dy = one(-0.15, 0.15), one(-0.15, 0.15)
        u = (x * math.cos(angle) - y * math.sin(angle)) * sx + dx
        v = (x * math.sin(angle) + y * math.cos(angle)) * sy + dy
        # Along the body: some scans show only a part of the chest, others much more than it.
        if flat:
            w = torch.zeros_like(z)
        else:
            low, high = (-1.0, 1.0) if one(0, 1) < 0.4 else (-1 + one(0, 0.7), 1 - one(0, 0.5))
            if any(free) and one(0, 1) < 0.3:
                low, high = -1 - one(0, 1.6) * (free[0] > 0), 1 + one(0, 0.4) * (free[1] > 0)
            w = (z + 1) / 2 * (high - low) + low
            # A leaning body: the planes are not quite square to it.
            w = w + one(-0.06, 0.06) * x + one(-0.06, 0.06) * y
            u, v = u + one(-0.06, 0.06) * z, v + one(-0.06, 0.06) * z
            w = mirror_ends(w, *free)
        return torch.stack([u, v, w], -1), coordinates

    def batch(self, count: int, random: torch.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draws a batch of augmented slices."""
        pictures, coordinates, classes = [], [], []
        for _ in range(count):
            several = len(self.projections) > 1
            nth = int(torch.randint(len(self.projections), (1,), generator=random)) if several else 0
            projection = self.projections[nth]
            flat = float(torch.rand(1, generator=random)) < self.flat_share and projection == "axial"
            if flat:
                source, free = self.flat[int(torch.randint(len(self.flat), (1,), generator=random))]
            else:
                source, free = self.pick(random)
            for _ in range(3):
                grid, where = self.slice_grid(random, projection, flat, free, size)
                sample = F.grid_sample(source[None], grid[None, None], align_corners=False, padding_mode="zeros")[
                    0, :, 0
                ]
                # Slices beside the lungs teach little, and many are nothing but air.
                if sample[1:].amax() > 0.5 or float(torch.rand(1, generator=random)) < 0.3:
                    break
            if flat:
                # One slice of somewhere in the middle: it lies anywhere thereabouts.
                where[2] = float(uniform(random, -0.5, 0.5, 1))
            if float(torch.rand(1, generator=random)) < CONSOLIDATED:
                sample = add_consolidation(sample, random)
            if float(torch.rand(1, generator=random)) < EXPIRED:
                sample = add_expiration(sample, where[1], random)
            if float(torch.rand(1, generator=random)) < GASSED:
                sample = add_gas(sample, random)
            labels = torch.zeros(sample.shape[1:], dtype=torch.long)
            labels[sample[1] > 0.5] = 1
            labels[sample[2] > 0.5] = 2
            pictures.append(sample[:1] + PADDING_HU)
            coordinates.append(where)
            classes.append(labels)
        values = normalise(augment_intensity(torch.stack(pictures), random, noise=60), self.spec.input)
        return torch.cat([values, torch.stack(coordinates)], 1), torch.stack(classes)
