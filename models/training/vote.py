"""The paper's vote (`networks.md` §3) on stored steps; `inference/ensemble/src/vote.rs` in the page."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

import numpy as np

from .pipeline import UNIT


@dataclass(frozen=True)
class Thresholds:
    """Below `low` a family's mean votes against a lesion, above `high` for one; every ResNet must be above `resnet`."""

    dpn_low: float = 0.3
    dpn_high: float = 0.7
    fpn_low: float = 0.15
    fpn_high: float = 0.85
    resnet: float = 0.5

    def means(self) -> tuple[tuple[str, float, float], ...]:
        """The parts that vote by their members' mean, with `low` and `high`."""
        return (("dpn", self.dpn_low, self.dpn_high), ("fpn", self.fpn_low, self.fpn_high))

    def manifest(self) -> dict:
        return {
            "dpn": {"low": self.dpn_low, "high": self.dpn_high},
            "fpn": {"low": self.fpn_low, "high": self.fpn_high},
            "resnet": self.resnet,
        }


PAPER = Thresholds()
#: Which part of the vote a family speaks in.
PARTS = {"fpn": "fpn", "dpn": "dpn", "resnet21": "resnet", "resnet18": "resnet"}


def mean(members: list[np.ndarray]) -> np.ndarray:
    """The members' mean probability, of their steps."""
    return np.sum(members, 0, dtype=np.uint32) / np.float32(UNIT * len(members))


def unanimous(members: list[np.ndarray], threshold: float) -> np.ndarray:
    return np.all([m > threshold * UNIT for m in members], 0)


def verdict(parts: dict[str, list[np.ndarray]], thresholds: Thresholds) -> np.ndarray:
    """Lesion or not, of the members' steps by part. A part without members doesn't vote; at least two parts have."""
    score: np.ndarray | int = 0
    for part, low, high in thresholds.means():
        if parts.get(part):
            probability = mean(parts[part])
            score = score + (probability > high).astype(np.int8) - (probability < low).astype(np.int8)
    if parts.get("resnet"):
        score = score + unanimous(parts["resnet"], thresholds.resnet).astype(np.int8)
    return score > 0


@dataclass(frozen=True)
class Ballots:
    """What members whose answers are in decide already; `inference/ensemble/src/vote.rs`."""

    thresholds: Thresholds
    #: Members in all, by part.
    members: dict[str, int]

    def settled(self, spoke: dict[str, list[np.ndarray]]) -> np.ndarray:
        """Voxels that the members to come can't change any more."""
        resnets = spoke.get("resnet", [])
        agree = unanimous(resnets, self.thresholds.resnet) if resnets else np.bool_(True)
        least = agree & (len(resnets) == self.members.get("resnet"))
        most = agree & ("resnet" in self.members)
        for part, low, high in self.thresholds.means():
            if part in self.members:
                whole, said = UNIT * self.members[part], spoke.get(part, [])
                total = np.sum(said, 0, dtype=np.int64)
                ends = (total, total + whole - UNIT * len(said))
                least, most = (
                    end + (s > high * whole).astype(np.int8) - (s < low * whole).astype(np.int8) for end, s in zip((least, most), ends)
                )
        return (least > 0) | (most <= 0)


def candidates(parts: Collection[str]) -> list[Thresholds]:
    """Those the choice for these parts is made among. With DPNs the bands lie around .5, as the paper's do: no more of them in
    all, for as few volumes."""
    resnets = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    if "dpn" in parts:
        bands = [(low, round(1 - low, 2)) for low in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)]
        return [Thresholds(*dpn, *fpn, resnet) for dpn, fpn, resnet in product(bands, bands, resnets)]
    lows, highs = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
    return [Thresholds(fpn_low=l, fpn_high=h, resnet=r) for l, h, r in product(lows, highs, resnets)]
