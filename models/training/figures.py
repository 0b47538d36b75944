"""Figures on masks and probabilities that `corsai` wrote: Dice of single networks, thresholds, calibration, AUC.

No network runs here, and nothing is resampled. What `corsai evaluate` computes itself, `results`
takes from its report.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from . import components, measure
from .cohort import is_held_out
from .components import LEAST_SHARE, ComponentBounds, ComponentTable
from .constants import LEFT, RIGHT
from .paths import COHORTS
from .specs import SPECS, fold_members
from .thresholds import PAPER, PARTS, Parts, Rule, Thresholds, candidates, choose_apart, soonest

#: The threshold of FPNs that decide alone, as the standard tier's do.
FPN_ALONE = 0.4


def read_nifti(file: Path) -> tuple[np.ndarray, int]:
    """Returns stored integers as `[slice, row, column]` and how many of their steps are 1.

    Slices run to the head, rows to the front, columns to the patient's right: nibabel's canonical
    axes in reverse.
    """
    picture = nibabel.load(file)
    stored = np.asanyarray(picture.dataobj.get_unscaled())
    canonical = nibabel.apply_orientation(stored, nibabel.io_orientation(picture.affine))
    slope = picture.dataobj.slope
    return canonical.transpose(), round(1 / slope) if slope else 1


@dataclass(frozen=True)
class Agreement:
    """A lesion mask against a volume's reference; a share is lesion voxels / lung voxels, each in its own lungs."""

    both: int
    found: int
    true: int
    share: float
    true_share: float

    @property
    def dice(self) -> float:
        """2·|A∩B| / (|A| + |B|)."""
        return 2 * self.both / max(self.found + self.true, 1)


@dataclass(frozen=True)
class Volume:
    """One study as the product measured it: everything by lung voxel, in the order of `lungs > 0`."""

    name: str
    #: 1 right, 2 left, `[slice, row, column]`.
    lungs: np.ndarray
    #: Network → probability in steps.
    members: dict[str, np.ndarray]
    #: The full tier's mask.
    full: np.ndarray
    rule: Rule
    #: Of one voxel; slices are evenly spaced.
    voxel_ml: float
    #: Reference lungs and lesions; `None` for a series without masks.
    truth: tuple[np.ndarray, np.ndarray] | None

    @classmethod
    def load(cls, name: str) -> "Volume | None":
        """Reads what `measure` kept of a study; `None` where it isn't measured yet."""
        measured = measure.Measured(name)
        report = measure.report(measured.report)
        if report is None:
            return None
        lungs, _ = read_nifti(measured.folder / "lungs.nii.gz")
        inside = lungs > 0
        members, ones = {}, set()
        for network in report["runs"]["networks"]:
            if network["name"] in SPECS and SPECS[network["name"]].family != "lungs":
                steps, one = read_nifti(measured.folder / f"{network['name']}.nii.gz")
                members[network["name"]] = steps[inside].astype(np.uint16)
                ones.add(one)
        (one,) = ones
        full, _ = read_nifti(measured.folder / "lesions.nii.gz")
        voxel_ml = float(np.prod(report["study"]["voxel_mm"])) / 1000
        files = [COHORTS / "volumes" / f"{name}.{kind}.nii.gz" for kind in ("lungs", "lesions")]
        truth = None if name in measure.SERIES else tuple(read_nifti(file)[0] for file in files)
        return cls(name, lungs, members, full[inside] > 0, Rule(one), voxel_ml, truth)

    def of(self, *families: str) -> list[np.ndarray]:
        """Returns the probabilities of all members of some families."""
        return [steps for name, steps in self.members.items() if SPECS[name].family in families]

    def parts(self) -> Parts:
        """Returns the members by the part of the vote that they are in."""
        out: Parts = {}
        for name, steps in self.members.items():
            out.setdefault(PARTS[SPECS[name].family], []).append(steps)
        return out

    def voted(self, parts: Parts, own: Thresholds, bounds: ComponentBounds | None) -> np.ndarray:
        """Returns what a vote marks, in components that count."""
        found, means = self.rule.lesions(parts, own), means_of(parts)
        if bounds is None or not means:
            return found
        total = components.mean_steps(means)
        return components.convincing(self.lungs, found, total, self.rule.one * len(means), self.voxel_ml, bounds)

    def components(self, found: np.ndarray, means: list[np.ndarray]) -> ComponentTable:
        """Returns the components of a mask; their peaks are of the mean of `means`."""
        mean = components.mean_steps(means) / (self.rule.one * len(means))
        return ComponentTable.of(self.lungs, found, mean, self.voxel_ml, self.truth and self.truth[1])

    def alone(self, member: str) -> np.ndarray:
        """Returns what a network marks by its own threshold."""
        return self.rule.mean_above([self.members[member]], SPECS[member].threshold)

    def lesions(self) -> np.ndarray:
        """Returns the reference's lesions in the lungs that were found."""
        return self.truth[1][self.lungs > 0] > 0

    def against(self, found: np.ndarray) -> Agreement:
        """Compares a mask with the reference; lesions outside the lungs that were found are missed."""
        lungs, lesions = self.truth
        true, marked = int((lesions > 0).sum()), int(found.sum())
        inside = int(((lesions > 0) & (lungs > 0)).sum())
        both = int((found & self.lesions()).sum())
        return Agreement(both, marked, true, marked / len(found), inside / int((lungs > 0).sum()))

    def true_shares(self) -> list[float]:
        """Returns the reference's."""
        lungs, lesions = self.truth
        return [float((lesions[lungs == n] > 0).mean()) for n in (RIGHT, LEFT)]

    def by_slice(self, found: np.ndarray) -> np.ndarray:
        """Returns the marked voxels of every slice, feet first."""
        mask = np.zeros(self.lungs.shape, bool)
        mask[self.lungs > 0] = found
        return mask.sum((1, 2))


def means_of(parts: Parts) -> list[np.ndarray]:
    """Returns the members that vote by their mean."""
    return [*parts.get("dpn", []), *parts.get("fpn", [])]


def check(volume: Volume, own: Thresholds, bounds: ComponentBounds | None = None) -> None:
    """Stops where the vote on probabilities isn't the product's own mask."""
    differ = int((volume.voted(volume.parts(), own, bounds) != volume.full).sum())
    if differ:
        raise SystemExit(f"{volume.name}: the vote differs from corsai's mask in {differ} voxels")


def ways(volume: Volume) -> Iterator[tuple[str, np.ndarray]]:
    """Yields every single network's mask and every family's, by its name in the tables."""
    for member in volume.members:
        yield f"`{member}`", volume.alone(member)
    yield "FPN, mean", volume.rule.mean_above(volume.of("fpn"), 0.5)
    yield "ResNet-21, unanimous", volume.rule.all_above(volume.of("resnet21"), 0.5)


def held_out(volumes: dict[str, Volume], patients: dict[str, str]) -> list[Volume]:
    """Returns the volumes whose patients no lesion network was trained on."""
    return [volume for name, volume in volumes.items() if is_held_out(patients[name])]


def pooled(agreements: Collection[Agreement]) -> float:
    """Returns the Dice of all volumes' voxels together."""
    return 2 * sum(a.both for a in agreements) / max(sum(a.found + a.true for a in agreements), 1)


@dataclass(frozen=True)
class Crossed:
    """A volume by the networks of the folds that never saw its patient: figures are means over folds."""

    name: str
    agreements: list[Agreement]

    @property
    def dice(self) -> float:
        """Mean Dice."""
        return float(np.mean([a.dice for a in self.agreements]))

    @property
    def share(self) -> float:
        """Mean share that was found."""
        return float(np.mean([a.share for a in self.agreements]))

    @property
    def true_share(self) -> float:
        """The reference's share."""
        return self.agreements[0].true_share

    @property
    def counts(self) -> bool:
        """Whether there's disease enough for its Dice to say something."""
        return self.true_share >= LEAST_SHARE


def by_fold(volume: Volume, families: Collection[str], folds: list[int]) -> dict[int, Parts]:
    """Returns for each of the folds one network of each family, by its part of the vote."""
    members = {fold: [fold_members(family)[fold] for family in families] for fold in folds}
    return {
        fold: {PARTS[SPECS[name].family]: [volume.members[name]] for name in names} for fold, names in members.items()
    }


def cross_validated(volumes: dict[str, Volume], unseen: dict[str, list[int]]) -> dict[str, list[Crossed]]:
    """Returns every volume by networks that never saw its patient, by the way of marking.

    `unseen` has for every volume those folds whose networks never saw it: one, or all.
    """
    out: dict[str, list[Crossed]] = {}
    for family in ("fpn", "resnet21"):
        masks = {
            name: [
                volume.rule.mean_above(next(iter(parts.values())), 0.5)
                for parts in by_fold(volume, [family], unseen[name]).values()
            ]
            for name, volume in volumes.items()
        }
        out[family] = [Crossed(name, [volumes[name].against(m) for m in some]) for name, some in masks.items()]
    voting = {name: by_fold(volume, ["fpn", "resnet21"], unseen[name]) for name, volume in volumes.items()}

    def crossed(thresholds: Callable[[int], Thresholds]) -> list[Crossed]:
        return [
            Crossed(name, [v.against(v.rule.lesions(p, thresholds(fold))) for fold, p in voting[name].items()])
            for name, v in volumes.items()
        ]

    out["vote, the paper's thresholds"] = crossed(lambda _: PAPER)
    trained = [
        (volumes[name], fold, parts) for name, some in voting.items() if len(some) == 1 for fold, parts in some.items()
    ]
    tried = candidates({"fpn", "resnet"})
    counts = [[counted(v.against(v.rule.lesions(parts, t))) for v, _, parts in trained] for t in tried]
    best = choose_apart(tried, np.array(counts), np.array([fold for _, fold, _ in trained]))
    out["vote, our thresholds"] = crossed(lambda fold: best[fold])
    return out


def counted(agreement: Agreement) -> tuple[int, int]:
    """Returns twice the voxels in both masks, and those of either together."""
    return agreement.both * 2, agreement.found + agreement.true


def choose(volumes: dict[str, Volume], unseen: dict[str, list[int]]) -> Thresholds:
    """Returns the vote's thresholds, chosen on the volumes of the folds, each by the networks that never saw it."""
    tried = candidates({"fpn", "resnet"})
    cases = [
        (volumes[name], parts)
        for name, folds in unseen.items()
        if len(folds) == 1
        for parts in by_fold(volumes[name], ["fpn", "resnet21"], folds).values()
    ]
    scores = [pooled([v.against(v.rule.lesions(parts, t)) for v, parts in cases]) for t in tried]
    return soonest(tried, np.array(scores))


def component_tables(
    volumes: dict[str, Volume], unseen: dict[str, list[int]], own: Thresholds
) -> dict[str, dict[str, ComponentTable]]:
    """Returns the components of every way of marking, by its name and the study's.

    Of the folds' volumes by the networks that never saw them: the vote, and the FPN alone at `FPN_ALONE`.
    Of the others by all networks, and by those of the standard tier.
    """
    out: dict[str, dict[str, ComponentTable]] = {}

    def add(way: str, volume: Volume, found: np.ndarray, means: list[np.ndarray]) -> None:
        out.setdefault(way, {})[volume.name] = volume.components(found, means)

    for name, volume in volumes.items():
        if len(unseen.get(name, [])) == 1:
            (parts,) = by_fold(volume, ["fpn", "resnet21"], unseen[name]).values()
            add("vote of the fold", volume, volume.rule.lesions(parts, own), means_of(parts))
            add("FPN of the fold", volume, volume.rule.mean_above(parts["fpn"], FPN_ALONE), parts["fpn"])
        else:
            parts = volume.parts()
            add("full tier", volume, volume.rule.lesions(parts, own), means_of(parts))
            standard = [steps for n, steps in volume.members.items() if SPECS[n].tier in ("quick", "standard")]
            add("standard tier", volume, volume.rule.mean_above(standard, FPN_ALONE), standard)
    return out


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Returns the area under the ROC curve; ties count half."""
    positive, negative = scores[labels > 0][:, None], scores[labels == 0][None]
    return float(((positive > negative) + 0.5 * (positive == negative)).mean())


def calibration(cases: list[tuple[Volume, list[np.ndarray]]], bins: int = 10) -> list[tuple[float, float, float]]:
    """Returns for each bin of the members' mean: mean probability, share of lesion, share of all voxels."""
    means = [np.sum(members, 0, dtype=np.uint32) / np.float32(v.rule.one * len(members)) for v, members in cases]
    probability, lesion = np.concatenate(means), np.concatenate([v.lesions() for v, _ in cases])
    which = np.minimum((probability * bins).astype(int), bins - 1)
    filled = [which == b for b in range(bins) if (which == b).any()]
    return [(float(probability[i].mean()), float(lesion[i].mean()), float(i.mean())) for i in filled]
