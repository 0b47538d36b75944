"""Figures from stored predictions; nothing here runs a network."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from . import predictions, store, vote
from .paths import MODELS
from .pipeline import UNIT
from .prepare import LESION
from .specs import ADDED, AXES, FOLDS, LUNGS_APART, PROTOCOL, RUNS, SPECS, TIERS

#: Upper ends of CT-1, CT-2, CT-3 (`networks.md` §5).
CLASSES = (0.25, 0.5, 0.75)
#: Volumes with less disease than this say little by their Dice.
LEAST_SHARE = 0.01
#: A difference in pooled Dice that is not worth asking more networks for.
NEARLY_BEST = 0.0005
#: The name of what a user of the page sees, unless asking for more.
PAGE = "**the page, standard**"


@dataclass(frozen=True)
class Agreement:
    """A mask against the truth of a volume; shares are lesion volume / lung volume, each with its own lungs."""

    dice: float
    share: float
    true_share: float
    both: int
    found: int
    true: int


@dataclass(frozen=True)
class Case:
    """One volume: what was predicted in its predicted lungs, and what is true."""

    name: str
    lungs: np.ndarray
    truth: np.ndarray
    members: dict[str, np.ndarray]

    @classmethod
    def load(cls, name: str, forms: str = "") -> "Case | None":
        lungs = predictions.stored(name, "lungs")
        if lungs is None:
            return None
        found = {m: predictions.stored(name, m + forms) for m in SPECS if SPECS[m].family != "lungs"}
        members = {m: a for m, a in found.items() if a is not None}
        truth = np.zeros(lungs.shape, np.uint8) if name in predictions.SERIES else predictions.truth(name)
        return cls(name, lungs, truth, members)

    def parts(self) -> dict[str, list[np.ndarray]]:
        """Who votes of those that see axial slices."""
        out: dict[str, list[np.ndarray]] = {}
        for member, steps in self.members.items():
            if SPECS[member].axial:
                out.setdefault(vote.PARTS[SPECS[member].family], []).append(steps)
        return out

    def of(self, *families: str) -> list[np.ndarray]:
        return [steps for member, steps in self.members.items() if SPECS[member].family in families and SPECS[member].axial]

    def placed(self, found: np.ndarray) -> np.ndarray:
        """A mask of the volume, from a value for every predicted lung voxel."""
        mask = np.zeros(self.lungs.shape, bool)
        mask[self.lungs > 0] = found
        return mask

    def against(self, found: np.ndarray) -> Agreement:
        """`found` has a value for every predicted lung voxel; lesions outside them are missed."""
        lesions = self.truth & LESION > 0
        both, marked, true = int((found & lesions[self.lungs > 0]).sum()), int(found.sum()), int(lesions.sum())
        return Agreement(
            2 * both / max(marked + true, 1),
            marked / max(int((self.lungs > 0).sum()), 1),
            true / max(int((self.truth & 3 > 0).sum()), 1),
            both,
            marked,
            true,
        )


def ways(case: Case, chosen: vote.Thresholds | None) -> dict[str, np.ndarray]:
    """Every mask that is compared, by its name in the tables."""
    found = {m: steps > SPECS[m].threshold * UNIT for m, steps in case.members.items()}
    if len(case.of("fpn")) > 1:
        found["FPN, mean"] = vote.mean(case.of("fpn")) > 0.5
    if len(case.of("resnet21")) > 1:
        found["ResNet-21, unanimous"] = vote.unanimous(case.of("resnet21"), 0.5)
    if case.of("resnet21") and case.of("resnet18"):
        found["ResNet-21 and -18, unanimous"] = vote.unanimous(case.of("resnet21", "resnet18"), 0.5)
    if len(case.of("dpn")) > 1:
        found["DPN, mean"] = vote.mean(case.of("dpn")) > 0.5
    ours, asked = shipped([case])[0], {}
    if planes := in_three_planes(case):
        found["DPN-3D"] = vote.mean(planes) > 0.5
    if len(parts := ours.parts()) > 1:
        found["vote, the paper's thresholds"] = vote.verdict(parts, vote.PAPER)
        # What isn't shipped is heard as well, one thing at a time.
        heard = {"ResNet-18": ("resnet", case.of("resnet21", "resnet18")), "DPN": ("dpn", case.of("dpn")), "DPN-3D": ("dpn", planes)}
        for name, (part, members) in heard.items():
            if len(members) > len(parts.get(part, [])):
                found[f"the page, full, with {name}"] = vote.verdict(parts | {part: members}, chosen or vote.PAPER)
    for nth, tier in enumerate(TIERS):
        members = {m: a for m, a in ours.members.items() if SPECS[m].tier in TIERS[: nth + 1]}
        if len(members) > len(asked):
            found[f"**the page, {tier}**"] = page(replace(ours, members=members), chosen or vote.PAPER)
        asked = members
    return found


def in_three_planes(case: Case) -> list[np.ndarray]:
    """DPNs of the fold that has one for every plane; none where it hasn't spoken."""
    folds = {run.member: run.fold for run in RUNS.values() if run.member and run.spec.family == "dpn"}
    whole = {fold for member, fold in folds.items() if not SPECS[member].axial}
    spoke = {m: steps for m, steps in case.members.items() if m in folds and folds[m] in whole}
    return list(spoke.values()) if {plane for m in spoke for plane in SPECS[m].projections} == set(AXES) else []


def shipped(cases: list[Case]) -> list[Case]:
    """With those members alone that the page has."""
    return [replace(c, members={m: a for m, a in c.members.items() if store.entry_of(SPECS[m], MODELS)}) for c in cases]


def page(case: Case, thresholds: vote.Thresholds) -> np.ndarray:
    """The mask of the shipped members together: by vote, or where one part is all there is, by its mean."""
    parts = case.parts()
    if len(parts) > 1:
        return vote.verdict(parts, thresholds)
    return vote.mean(*parts.values()) > SPECS[next(iter(case.members))].threshold


def held_out() -> list[Case]:
    """Volumes of the patients that no lesion network was trained on, by those members that answered for all."""
    patients = predictions.volumes()
    cases = [c for n in patients if patients[n] in FOLDS["held_out"]["lesions"] and (c := Case.load(n)) and c.members]
    common = set.intersection(*(set(c.members) for c in cases)) if cases else set()
    return [replace(c, members={m: a for m, a in c.members.items() if m in common}) for c in cases]


def validation() -> list[Case]:
    """Volumes of trained patients, each with those members that weren't trained on it."""
    patients = predictions.volumes()
    rest = [n for n in patients if patients[n] not in FOLDS["held_out"]["lesions"]]
    return [c for n in rest if (c := Case.load(n)) and c.members]


def pooled(rows: list[Agreement]) -> float:
    return 2 * sum(r.both for r in rows) / max(sum(r.found + r.true for r in rows), 1)


def soonest(candidates: list[vote.Thresholds], scores: np.ndarray) -> vote.Thresholds:
    """Of the candidates whose pooled Dice (`scores`) is the highest but for `NEARLY_BEST`, those by which slices are settled
    soonest: the FPNs need least certainty that they won't pass their upper bound, then a ResNet is most likely to object."""
    near = [t for t, score in zip(candidates, scores) if score >= scores.max() - NEARLY_BEST]
    return max(near, key=lambda t: (t.fpn_high, t.dpn_high, t.resnet, t.fpn_low))


def chosen(cases: list[Case]) -> vote.Thresholds | None:
    """`soonest` over those `cases` on which all parts there are can vote; `None` where no two can."""
    parts = [(c, c.parts()) for c in cases]
    voting = {part for _, p in parts for part in p}
    parts = [(c, p) for c, p in parts if p.keys() == voting]
    if not parts or len(voting) < 2:
        return None
    candidates = vote.candidates(voting)
    return soonest(candidates, np.array([pooled([c.against(vote.verdict(p, t)) for c, p in parts]) for t in candidates]))


def chosen_apart(candidates: list[vote.Thresholds], counts: np.ndarray, folds: np.ndarray) -> list[vote.Thresholds]:
    """For each fold `soonest` on all the others; `counts` has, for every candidate and every item, voxels in both masks and in
    either's, and `folds` each item's fold."""
    best = []
    for fold in range(len(FOLDS["folds"])):
        both, all_ = np.moveaxis(counts[:, folds != fold].sum(1), -1, 0)
        best.append(soonest(candidates, both / np.maximum(all_, 1)))
    return best


def ct_class(share: float) -> int:
    """CT-class 0..4 by `inference/findings/src/class.rs`: a border belongs to the class below it, the last to the one above."""
    first, second, third = CLASSES
    return 0 if share <= 0 else 1 + (share > first) + (share > second) + (share >= third)


@dataclass(frozen=True)
class Crossed:
    """A volume by the networks that keep its patient apart: each fold's alone, then the mean of their figures."""

    name: str
    agreements: list[Agreement]
    #: Right and left; predicted by each network and on average, and true.
    sides: list[float]
    true_sides: list[float]

    @property
    def dice(self) -> float:
        return float(np.mean([a.dice for a in self.agreements]))

    @property
    def share(self) -> float:
        return float(np.mean([a.share for a in self.agreements]))

    @property
    def true_share(self) -> float:
        return self.agreements[0].true_share

    @property
    def counts(self) -> bool:
        """Whether there's disease enough for its Dice to say something."""
        return self.true_share >= LEAST_SHARE

    @property
    def classes(self) -> tuple[int, int]:
        """True and found CT-class."""
        return ct_class(max(self.true_sides)), ct_class(max(self.sides))


def folded(family: str) -> dict[int, str]:
    """A family's members that see axial slices and keep a fold apart, by its number."""
    ours = [run for run in RUNS.values() if run.member and run.spec.family == family and run.spec.axial]
    return {run.fold: run.member for run in ours if run.fold is not None}


def by_fold(case: Case, families: Collection[str]) -> dict[int, dict[str, list[np.ndarray]]]:
    """For every fold that keeps the volume's patient apart, one network of each family as parts of a vote."""
    out = {}
    for fold in range(len(FOLDS["folds"])):
        members = [folded(family).get(fold) for family in families]
        if all(member in case.members for member in members):
            out[fold] = replace(case, members={member: case.members[member] for member in members}).parts()
    return out


def votes(families: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The votes that are compared, of those families that can: of what is shipped, and with DPNs, too."""
    kinds = {"vote": ("fpn", "resnet21"), "vote with DPN": ("fpn", "resnet21", "dpn")}
    return {name: kind for name, kind in kinds.items() if set(kind) <= set(families)}


def cross_validated(cases: list[Case]) -> dict[str, list[Crossed]]:
    """All volumes by networks that keep their patients apart, by the way of marking: each family that has a network for every
    fold, and one network of each family together."""
    families = [f for f in vote.PARTS if cases and all(by_fold(c, [f]) for c in cases)]
    out = {}
    for family in families:
        marked = [[next(iter(parts.values()))[0] > UNIT / 2 for parts in by_fold(c, [family]).values()] for c in cases]
        out[family] = list(map(crossed, cases, marked))
    for name, voting in votes(families).items():
        parts = [by_fold(c, voting) for c in cases]
        out[f"{name}, the paper's thresholds"] = [crossed(c, [vote.verdict(p, vote.PAPER) for p in ps.values()]) for c, ps in zip(cases, parts)]
        trained = [(c, fold, ps[fold]) for c, ps in zip(cases, parts) if len(ps) == 1 for fold in ps]
        candidates = vote.candidates({vote.PARTS[family] for family in voting})
        counts = [[counted(c.against(vote.verdict(p, t))) for c, _, p in trained] for t in candidates]
        best = chosen_apart(candidates, np.array(counts), np.array([fold for _, fold, _ in trained]))
        out[f"{name}, our thresholds"] = [crossed(c, [vote.verdict(p, best[f]) for f, p in ps.items()]) for c, ps in zip(cases, parts)]
    return out


def counted(agreement: Agreement) -> tuple[int, int]:
    return agreement.both * 2, agreement.found + agreement.true


def crossed(case: Case, masks: list[np.ndarray]) -> Crossed:
    sides = [sides_shares(case.lungs, case.placed(mask)) for mask in masks]
    true = sides_shares(case.truth, case.truth & LESION > 0)
    return Crossed(case.name, [case.against(m) for m in masks], np.mean(sides, 0).tolist(), true)


def weighted_kappa(pairs: list[tuple[int, int]], classes: int = 5) -> float:
    """Cohen's kappa of true and found CT-class, disagreement weighing by its square."""
    seen = np.zeros((classes, classes))
    for true, found in pairs:
        seen[true, found] += 1
    weights = np.subtract.outer(np.arange(classes), np.arange(classes)) ** 2
    by_chance = np.outer(seen.sum(1), seen.sum(0)) / seen.sum()
    return float(1 - (weights * seen).sum() / (weights * by_chance).sum())


def sides_shares(labels: np.ndarray, lesions: np.ndarray) -> list[float]:
    """Lesion share of the right and of the left lung."""
    return [float((lesions & (labels & 3 == s)).sum() / max((labels & 3 == s).sum(), 1)) for s in (1, 2)]


def lung_row(case: Case) -> dict[str, float]:
    """Agreement of the predicted lungs with the truth's."""
    lesions = case.truth & LESION > 0
    outside = int((lesions & (case.lungs == 0)).sum()) / max(int(lesions.sum()), 1)
    return lungs_agree(case.truth & 3, case.lungs) | {"outside": outside}


def lungs_agree(true: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Dice of each lung and of both, and IoU of both, of label bytes."""
    row = {
        name: 2 * int((a & b).sum()) / max(int(a.sum() + b.sum()), 1)
        for name, a, b in (
            ("right", found == 1, true == 1),
            ("left", found == 2, true == 2),
            ("both", found > 0, true > 0),
        )
    }
    either = int(((found > 0) | (true > 0)).sum())
    return row | {"iou": int(((found > 0) & (true > 0)).sum()) / max(either, 1)}


def asked(cases: list[Case], thresholds: vote.Thresholds, costs: dict[str, float]) -> list[tuple[str, list[float]]]:
    """The order in which members settle most slices, and of those that settle as many most voxels, for what they cost; those of
    lower tiers first. Each with the share of every case's slices with lung that is settled after it."""
    left = [m for tier in TIERS for m in cases[0].members if SPECS[m].tier == tier and SPECS[m].axial]
    parts = [vote.PARTS[SPECS[m].family] for m in left]
    ballots = vote.Ballots(thresholds, {part: parts.count(part) for part in dict.fromkeys(parts)})
    lungs = [case.lungs.any((1, 2)) for case in cases]
    spoke: list[dict[str, list[np.ndarray]]] = [{} for _ in cases]
    left_open = [case.placed(np.bool_(True)).sum((1, 2)) for case in cases]
    order = []
    while left:
        # The members of a family are alike: of each the next one of the lowest tier there is.
        tier = SPECS[left[0]].tier
        trials = []
        for member in {SPECS[m].family: m for m in reversed(left) if SPECS[m].tier == tier}.values():
            part = vote.PARTS[SPECS[member].family]
            trial = [s | {part: [*s.get(part, []), c.members[member]]} for s, c in zip(spoke, cases)]
            after = [c.placed(~ballots.settled(s)).sum((1, 2)) for c, s in zip(cases, trial)]
            gains = [sum(int(how(b).sum() - how(a).sum()) for b, a in zip(left_open, after)) for how in (np.sign, np.abs)]
            cost = costs[SPECS[member].family] * SPECS[member].size**2
            trials.append(([gain / cost for gain in gains], member, trial, after))
        _, member, spoke, left_open = max(trials, key=lambda trial: trial[0])
        left.remove(member)
        order.append((member, [1 - (voxels > 0).sum() / l.sum() for voxels, l in zip(left_open, lungs)]))
    return order


def single_lungs() -> list[dict[str, float]]:
    """Agreement on every single slice that `specs.LUNGS_APART` keeps apart; empty where it isn't trained."""
    found = predictions.stored("lung-slices", LUNGS_APART)
    if found is None:
        return []
    true = predictions.lung_slices(RUNS[LUNGS_APART].fold)[1]
    return [lungs_agree(t & 3, f) for t, f in zip(true, found)]


def by_slice(case: Case, found: np.ndarray) -> np.ndarray:
    """Marked voxels on every slice."""
    return case.placed(found).sum((1, 2))


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Area under the ROC curve; ties count half."""
    ranks, sick = rankdata(scores), labels > 0
    above = ranks[sick].sum() - sick.sum() * (sick.sum() + 1) / 2
    return float(above / (sick.sum() * (~sick).sum()))


def reliability(cases: list[Case], family: str, bins: int = 10) -> list[tuple[float, float, float]]:
    """For each bin of a family's mean: mean probability, share of lesion among its voxels, share of all voxels."""
    probability = np.concatenate([vote.mean(c.of(family)) for c in cases])
    lesion = np.concatenate([(c.truth & LESION > 0)[c.lungs > 0] for c in cases])
    which = np.minimum((probability * bins).astype(int), bins - 1)
    filled = [which == b for b in range(bins) if (which == b).any()]
    return [(float(probability[i].mean()), float(lesion[i].mean()), float(i.mean())) for i in filled]


def slices_steps(added: bool) -> dict[str, np.ndarray]:
    """What networks say of all slices of `ct100` that never saw them: those of `ct100.toml`, with the volumes `added` beside the
    families' members of the folds. Only those that have answered for all folds."""
    kind, networks = ("volumes", ADDED) if added else ("protocol", PROTOCOL)
    stored = {name: predictions.stored("ct100", f"{kind}-{name}") for name in networks}
    out = {name: steps for name, steps in stored.items() if steps is not None}
    if not added:
        return out
    for family in vote.PARTS:
        members = folded(family)
        folds = {fold: predictions.stored("ct100", member) for fold, member in members.items()}
        if len(folds) == len(FOLDS["folds"]) and all(steps is not None for steps in folds.values()):
            out[family] = predictions.in_order(folds)
    return out


def slices_table(added: bool) -> dict[str, dict]:
    """Of every network, and of the families' votes, the Dice over all pixels of `ct100`, the mean over its slices, and that over
    all pixels fold by fold."""
    steps = slices_steps(added)
    folds = np.arange(100) % len(FOLDS["folds"])
    truth = predictions.slices_truth(list(range(100))) if steps else None
    masks = {name: answer > UNIT / 2 for name, answer in steps.items()}
    for name, voting in votes(steps).items():
        parts = {vote.PARTS[family]: [steps[family]] for family in voting}
        masks[f"{name}, the paper's thresholds"] = vote.verdict(parts, vote.PAPER)
        counts, candidates = [], vote.candidates(parts)
        for thresholds in candidates:
            found = vote.verdict(parts, thresholds)
            counts.append(np.stack([2 * (found & truth).sum((1, 2)), found.sum((1, 2)) + truth.sum((1, 2))], 1))
        best = chosen_apart(candidates, np.array(counts), folds)
        found = np.empty(truth.shape, bool)
        for fold, thresholds in enumerate(best):
            own = folds == fold
            found[own] = vote.verdict({part: [m[own] for m in ms] for part, ms in parts.items()}, thresholds)
        masks[f"{name}, our thresholds"] = found
    return {
        name: {
            "pixels": slices_dice(found, truth),
            "slices": float(np.mean([slices_dice(f, t) for f, t in zip(found, truth)])),
            "folds": [slices_dice(found[folds == fold], truth[folds == fold]) for fold in range(len(FOLDS["folds"]))],
        }
        for name, found in masks.items()
    }


def slices_dice(found: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))
