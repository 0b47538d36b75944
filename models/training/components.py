"""Which components of the vote's mask convince: their peak and their least volume, chosen on the folds.

The rule is that of `inference/ensemble/src/component_runs.rs`: a face-connected component counts as
lesion where the mean of all FPNs and DPNs reaches `peak` at one of its voxels and its volume is at
least `least_ml`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

#: Peaks and volumes, mL, among which the choice is made; 0 asks for nothing.
PEAKS = (0.0, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97)
VOLUMES_ML = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
#: The peak with which the tables show every volume: the lowest that the published evidence names.
USUAL_PEAK = 0.85
#: Volumes with less disease than this say little by their Dice.
LEAST_SHARE = 0.01
#: A loss of mean Dice that fewer marks on slices without lesions are worth.
WORTH = 0.001


@dataclass(frozen=True)
class ComponentBounds:
    """What a component needs to count as lesion."""

    peak: float
    least_ml: float

    @classmethod
    def read(cls, vote: dict) -> "ComponentBounds | None":
        """Reads the manifest's `vote`; `None` where every component counts."""
        bounds = vote.get("components")
        return cls(bounds["peak"], bounds["least_ml"]) if bounds else None


def mean_steps(members: list[np.ndarray]) -> np.ndarray:
    """Returns the sum of the members' steps, in which the peak is counted."""
    return np.sum(members, 0, dtype=np.uint32)


def labelled(lungs: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns each lung voxel's component, from 1 on, 0 outside the mask `found`; and how many there are."""
    mask = np.zeros(lungs.shape, bool)
    mask[lungs > 0] = found
    labels, count = ndimage.label(mask)
    return labels[lungs > 0], count


def convincing(
    lungs: np.ndarray, found: np.ndarray, total: np.ndarray, whole: int, voxel_ml: float, bounds: ComponentBounds
) -> np.ndarray:
    """Returns the mask's voxels in components that count; `whole` is the total of members that all answer 1."""
    labels, count = labelled(lungs, found)
    if not count:
        return found
    numbers = np.arange(1, count + 1)
    peak = ndimage.maximum(total, labels, numbers)
    ml = np.bincount(labels, minlength=count + 1)[1:] * voxel_ml
    counts = np.concatenate([[False], (peak >= bounds.peak * whole) & (ml >= bounds.least_ml)])
    return counts[labels]


@dataclass(frozen=True)
class ComponentTable:
    """The components of a study's mask, one entry each."""

    #: Highest mean probability, volume, voxels and those of them that are lesions.
    peak: np.ndarray
    ml: np.ndarray
    voxels: np.ndarray
    true: np.ndarray
    #: `[pair, 2]`: a slice without lesions, and a component that reaches it.
    on_free: np.ndarray
    #: Slices with lung and without lesions, and lesion voxels of the whole study.
    free: int
    lesions: int
    #: Whether there's disease enough for its Dice to say something.
    telling: bool

    @classmethod
    def of(
        cls,
        lungs: np.ndarray,
        found: np.ndarray,
        mean: np.ndarray,
        voxel_ml: float,
        lesions: np.ndarray | None,
    ) -> "ComponentTable":
        """Tabulates the components of `found`; `lesions` is the reference `[slice, row, column]`, if there is one."""
        labels, count = labelled(lungs, found)
        numbers = np.arange(1, count + 1)
        sick = np.zeros(lungs.shape, bool) if lesions is None else lesions > 0
        voxels = np.bincount(labels, minlength=count + 1)[1:]
        true = np.bincount(labels, weights=sick[lungs > 0], minlength=count + 1)[1:].astype(int)
        with_lung, is_free = (lungs > 0).any((1, 2)), ~sick.any((1, 2))
        slices = np.nonzero(lungs > 0)[0]
        pairs = np.unique(np.stack([slices, labels])[:, (labels > 0) & is_free[slices]], axis=1).T
        return cls(
            ndimage.maximum(mean, labels, numbers) if count else np.zeros(0),
            voxels * voxel_ml,
            voxels,
            true,
            pairs,
            int((with_lung & is_free).sum()),
            int(sick.sum()),
            sick[lungs > 0].mean() >= LEAST_SHARE,
        )

    def kept(self, bounds: ComponentBounds) -> np.ndarray:
        """Returns which components count."""
        return (self.peak >= bounds.peak) & (self.ml >= bounds.least_ml)

    def counts(self, bounds: ComponentBounds) -> tuple[int, int]:
        """Returns twice the voxels in both masks, and those of either together."""
        kept = self.kept(bounds)
        return 2 * int(self.true[kept].sum()), int(self.voxels[kept].sum()) + self.lesions

    def marked_free(self, bounds: ComponentBounds) -> int:
        """Returns how many slices without lesions have a mark."""
        kept = self.kept(bounds)
        return len({z for z, component in self.on_free if kept[component - 1]})


@dataclass(frozen=True)
class Outcome:
    """What bounds do on some studies."""

    bounds: ComponentBounds
    #: Mean over the studies with disease enough; pooled over all.
    dice: float
    pooled: float
    #: Share of the slices without lesions that have a mark.
    marked_free: float
    #: mL that were dropped, and those of them that are lesions.
    dropped_ml: float
    lost_ml: float


def outcome(tables: Iterable[ComponentTable], telling: Iterable[bool], bounds: ComponentBounds) -> Outcome:
    """Returns what `bounds` do; `telling` says whose Dice counts."""
    tables = list(tables)
    counts = np.array([table.counts(bounds) for table in tables])
    dice = counts[:, 0] / np.maximum(counts[:, 1], 1)
    dropped = [(~table.kept(bounds), table) for table in tables]
    voxel_ml = [table.ml / table.voxels for table in tables]
    return Outcome(
        bounds,
        float(dice[np.array(list(telling), bool)].mean()) if any(telling) else float("nan"),
        float(counts[:, 0].sum() / max(counts[:, 1].sum(), 1)),
        sum(table.marked_free(bounds) for table in tables) / max(sum(table.free for table in tables), 1),
        float(sum(table.ml[out].sum() for out, table in dropped)),
        float(sum((table.true * ml)[out].sum() for (out, table), ml in zip(dropped, voxel_ml, strict=True))),
    )


def tried(tables: list[ComponentTable], telling: list[bool]) -> list[Outcome]:
    """Returns the outcome of every candidate."""
    return [outcome(tables, telling, ComponentBounds(*pair)) for pair in product(PEAKS, VOLUMES_ML)]


def choose(outcomes: list[Outcome]) -> Outcome:
    """Returns of the outcomes that lose next to no Dice the one with fewest marks on slices without lesions.

    Among equals the one that asks for least.
    """
    best = max(o.dice for o in outcomes)
    good = [o for o in outcomes if o.dice >= best - WORTH]
    return min(good, key=lambda o: (o.marked_free, o.bounds.peak, o.bounds.least_ml))
