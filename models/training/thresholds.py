"""The vote's thresholds, chosen on the probabilities that `corsai` wrote.

The vote itself is `inference/ensemble/src/vote.rs`; `lesions` repeats its rule on arrays, so that
many thresholds can be tried on one study. `results` compares it with the product's own mask of
every study and stops where they differ.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

import numpy as np

from .constants import PRODUCT
from .specs import FOLDS

#: A difference in pooled Dice that is not worth asking more networks for.
NEARLY_BEST = 0.0005
#: Which part of the vote a family speaks in.
PARTS = {"fpn": "fpn", "dpn": "dpn", "resnet21": "resnet", "resnet18": "resnet"}
#: Part → the members' probabilities.
Parts = dict[str, list[np.ndarray]]


@dataclass(frozen=True)
class Thresholds:
    """A family's mean below `low` votes against a lesion, above `high` for one; every ResNet must be above `resnet`."""

    dpn_low: float
    dpn_high: float
    fpn_low: float
    fpn_high: float
    resnet: float

    @classmethod
    def read(cls, vote: dict) -> "Thresholds":
        """Reads the manifest's `vote`."""
        bands = [vote[part][end] for part in ("dpn", "fpn") for end in ("low", "high")]
        return cls(*bands, vote["resnet"])

    def manifest(self) -> dict:
        """Returns the manifest's `vote`."""
        return {
            "dpn": {"low": self.dpn_low, "high": self.dpn_high},
            "fpn": {"low": self.fpn_low, "high": self.fpn_high},
            "resnet": self.resnet,
        }


#: The paper's (its section on the vote); `--vote paper` of `corsai`.
PAPER = Thresholds.read(PRODUCT["paper_vote"])


@dataclass(frozen=True)
class Rule:
    """The vote on probabilities in whole steps, `one` of which are a probability of 1."""

    one: int

    def mean_above(self, members: list[np.ndarray], threshold: float) -> np.ndarray:
        """Returns where the members' mean is above a threshold."""
        return np.sum(members, 0, dtype=np.uint32) > threshold * self.one * len(members)

    def all_above(self, members: list[np.ndarray], threshold: float) -> np.ndarray:
        """Returns where every member is above a threshold."""
        return np.all([member > threshold * self.one for member in members], 0)

    def lesions(self, parts: Parts, thresholds: Thresholds) -> np.ndarray:
        """Returns where two parts or more vote for a lesion; a part without members doesn't vote."""
        bands = {"dpn": (thresholds.dpn_low, thresholds.dpn_high), "fpn": (thresholds.fpn_low, thresholds.fpn_high)}
        score: np.ndarray | int = 0
        for part, (low, high) in bands.items():
            if members := parts.get(part):
                total, whole = np.sum(members, 0, dtype=np.uint32), self.one * len(members)
                score = score + (total > high * whole).astype(np.int8) - (total < low * whole).astype(np.int8)
        if members := parts.get("resnet"):
            score = score + self.all_above(members, thresholds.resnet).astype(np.int8)
        return score > 0


def candidates(parts: Collection[str]) -> list[Thresholds]:
    """Returns the thresholds that the choice for these parts is made among.

    With DPNs the bands are symmetric around .5, as the paper's DPN band is: no more candidates in
    all, for as few volumes.
    """
    resnets = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    if "dpn" in parts:
        bands = [(low, round(1 - low, 2)) for low in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)]
        return [Thresholds(*dpn, *fpn, resnet) for dpn, fpn, resnet in product(bands, bands, resnets)]
    lows, highs = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
    dpn = (PAPER.dpn_low, PAPER.dpn_high)
    return [Thresholds(*dpn, low, high, resnet) for low, high, resnet in product(lows, highs, resnets)]


def soonest(tried: list[Thresholds], scores: np.ndarray) -> Thresholds:
    """Returns of those whose pooled Dice is nearly the best the one that settles slices soonest.

    FPNs then need least certainty that they won't pass their upper bound, and a ResNet is most
    likely to object.
    """
    good = [t for t, score in zip(tried, scores, strict=True) if score >= scores.max() - NEARLY_BEST]
    return max(good, key=lambda t: (t.fpn_high, t.dpn_high, t.resnet, t.fpn_low))


def choose_apart(tried: list[Thresholds], counts: np.ndarray, folds: np.ndarray) -> list[Thresholds]:
    """Returns for each fold `soonest` on all the others.

    `counts` has for every candidate and every item twice the voxels in both masks and the voxels of
    either mask together; `folds` has each item's fold.
    """
    best = []
    for fold in range(len(FOLDS["folds"])):
        both, either = np.moveaxis(counts[:, folds != fold].sum(1), -1, 0)
        best.append(soonest(tried, both / np.maximum(either, 1)))
    return best
