"""`models/RESULTS.md`, and the manifest's held-out Dice and thresholds, from stored predictions alone."""

import json

import numpy as np

from . import figures, pack, predictions, queue, vote
from .figures import Agreement, Case
from .paths import DATA, MODELS
from .specs import FAMILIES, FOLDS, SPECS

#: What the paper says (`networks.md` §7; its tables 7 and 8).
PAPER_CT100 = {"U-Net": ".684", "MiniSeg": ".759", "Inf-Net": ".744", "FPN (EfficientNet)": ".705", "final vote": ".768"}
PAPER_MOSMED = {
    "FPN, mean": ".595",
    "ResNet-21, unanimous": ".601",
    "ResNet-21 and -18, unanimous": ".620",
    "vote, the paper's thresholds": ".643",
}
#: How many members the paper has.
PAPER_MEMBERS = {"lungs": 3, "fpn": 6, "resnet21": 5, "resnet18": 1, "dpn": 18}


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float, digits: int = 3) -> str:
    """As the field writes Dice: no zero before the point."""
    return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def members() -> str:
    """What is shipped, beside the paper's numbers."""
    rows = []
    for family in FAMILIES:
        shipped = [s for s in SPECS.values() if s.family == family and pack.entry_of(s)]
        size = sum(p["bytes"] for s in shipped for p in pack.entry_of(s)["parts"]) / 1e6
        names = ", ".join(f"`{s.name}`" for s in shipped) or "none yet"
        rows.append([family, str(PAPER_MEMBERS[family]), f"{len(shipped)}: {names}", f"{size:.1f} MB"])
    return table(["family", "the paper's members", "ours", "packed"], rows)


def ct100(thresholds: vote.Thresholds) -> str:
    """Section 1."""
    folds = {}
    for fold in range(len(FOLDS["folds"])):
        found = figures.fold_dice(fold, thresholds)
        if found:
            folds[fold] = found
    rows = [[name, dice, "not measured", "not measured"] for name, dice in PAPER_CT100.items() if name != "final vote"]
    rows.append(["final vote", PAPER_CT100["final vote"], "not measured", "not measured"])
    text = table(["network", "paper, 5 folds", "ours from scratch, 5 folds", "ours with the volumes, 5 folds"], rows)
    text += (
        "\n\nNot measured: U-Net, MiniSeg and Inf-Net aren't implemented here, and nothing has been trained from scratch on the"
        " folds alone; for that, and for the folds with the volumes added, every fold needs networks of its own."
    )
    for fold, found in folds.items():
        count = len(predictions.fold_slices(fold))
        text += f"\n\nFold {fold} ({count} slices, with the volumes added), by the networks that keep it apart:\n\n"
        text += table(
            ["", "Dice over all pixels", "mean over slices"],
            [[name, number(all_), number(mean)] for name, (all_, mean) in found.items()],
        )
    return text


def volumes(cases: list[Case], thresholds: vote.Thresholds) -> str:
    """Section 2."""
    masks = {c.name: figures.ways(c, thresholds) for c in cases}
    rows, shares = [], []
    for way in masks[cases[0].name]:
        seen = [(c, c.against(masks[c.name][way])) for c in cases]
        agreements = [a for _, a in seen]
        dice = [a.dice for a in agreements]
        spread = f"{number(float(np.mean(dice)))} ± {number(float(np.std(dice)))}"
        error = [a.share - a.true_share for a in agreements]
        rows.append(
            [way, *map(number, dice), spread, number(figures.pooled(agreements))]
            + [f"{100 * float(np.mean(np.abs(error))):.1f}", points(float(np.mean(error))), PAPER_MOSMED.get(way, "–")]
        )
        if way == "vote, our thresholds" or len(cases[0].parts()) == 1:
            shares = seen
    names = [f"`{c.name}`" for c in cases]
    text = table(["", *names, "mean ± sd", "pooled", "share MAE, points", "ME, points", "paper, MosMedData"], rows)
    text += "\n\n" + table(
        ["volume", "true share", "found share", "right: true, found", "left: true, found", "CT-class: true, found"],
        [share_row(c, a, masks[c.name], thresholds) for c, a in shares],
    )
    return text


def share_row(case: Case, agreement: Agreement, masks: dict[str, np.ndarray], thresholds: vote.Thresholds) -> list[str]:
    found = np.zeros(case.lungs.shape, bool)
    found[case.lungs > 0] = masks.get("vote, our thresholds", next(iter(masks.values())))
    true = figures.sides_shares(case.truth, case.truth & 4 > 0)
    ours = figures.sides_shares(case.lungs, found)
    both = [f"{percent(t)}, {percent(o)}" for t, o in zip(true, ours)]
    classes = f"CT-{figures.ct_class(max(true))}, CT-{figures.ct_class(max(ours))}"
    return [f"`{case.name}`", percent(agreement.true_share), percent(agreement.share), *both, classes]


def lungs(cases: list[Case]) -> str:
    """Section 3."""
    rows = [(c, figures.lung_row(c)) for c in cases]
    apart = FOLDS["held_out"]["lungs"]
    patients = predictions.volumes()
    lines = [
        [f"`{c.name}`", number(r["iou"]), number(r["right"]), number(r["left"]), percent(r["outside"])]
        for c, r in rows
        if patients[c.name] in apart
    ]
    text = table(["volume", "IoU of both", "Dice right", "Dice left", "lesions left outside"], lines)
    return text + "\n\nPaper: IoU .97. Held-out `lung-slices`: not measured, the axial network was trained on all that could be used."


def series(thresholds: vote.Thresholds) -> str:
    """Section 4."""
    lines = []
    healthy, sick = (Case.load(name) for name in predictions.SERIES)
    if healthy and healthy.members:
        for way, found in figures.ways(healthy, thresholds).items():
            lines.append([way, percent(healthy.against(found).share), "not measured"])
    if sick and sick.members:
        labels = json.loads((DATA / "dicom" / "covid-P001_slice_labels.json").read_text())["covid-P001"]
        labels = np.array(labels[: len(sick.lungs)])
        for i, (_, found) in enumerate(figures.ways(sick, thresholds).items()):
            lines[i][2] = number(figures.auc(figures.by_slice(sick, found), labels))
    return table(["", "`normal-001`: share called lesion", "`covid-P001`: slices' ROC AUC"], lines)


def rounding() -> str:
    """Section 5."""
    packed, exact = Case.load(predictions.EXACT), Case.load(predictions.EXACT, ".f32")
    lines = []
    for member, steps in exact.members.items():
        bar = SPECS[member].threshold * figures.UNIT
        one, other = exact.against(steps > bar), packed.against(packed.members[member] > bar)
        lines.append([f"`{member}`", number(one.dice, 4), number(other.dice, 4), f"{other.dice - one.dice:+.4f}"])
        lines[-1].append(f"{100 * (other.share - one.share):+.3f}")
    return table(["", "Dice, f32", "Dice, packed", "ΔDice", "Δshare, points"], lines)


def calibration(cases: list[Case]) -> str:
    """Section 6, first half."""
    lines = [[number(p), number(t), percent(n)] for p, t, n in figures.reliability(cases, "fpn")]
    return table(["mean probability of the FPNs", "lesion among these voxels", "of all lung voxels"], lines)


def thresholds_text(chosen: vote.Thresholds, best: float, papers: float, cases: list[Case]) -> str:
    """Section 6, second half."""
    if not cases:
        return "Thresholds of the vote: not chosen, there is no volume that two parts of the vote keep apart."
    lines = [
        ["paper", number(vote.PAPER.fpn_low, 2), number(vote.PAPER.fpn_high, 2), number(vote.PAPER.resnet, 2), number(papers)],
        ["ours", number(chosen.fpn_low, 2), number(chosen.fpn_high, 2), number(chosen.resnet, 2), number(best)],
    ]
    who = "; ".join(f"`{c.name}` by {', '.join(c.members)}" for c in cases)
    return table(["thresholds", "FPN low", "FPN high", "ResNets above", "pooled Dice where chosen"], lines) + (
        f"\n\nChosen on volumes that none of the named networks was trained on, and that no table above holds: {who}."
    )


def enter(cases: list[Case], lung_cases: list[Case], chosen: vote.Thresholds | None) -> None:
    """The held-out Dice of every shipped network, and the vote's thresholds, into the manifest."""
    path = MODELS / "manifest.json"
    manifest = json.loads(path.read_text())
    patients = predictions.volumes()
    for entry in manifest["networks"]:
        if entry["family"] == "lungs":
            unseen = [c for c in lung_cases if patients[c.name] in FOLDS["held_out"]["lungs"]]
            entry["dice"] = {c.name: round(figures.lung_row(c)["both"], 3) for c in unseen}
        else:
            bar = entry["threshold"] * figures.UNIT
            entry["dice"] = {c.name: round(c.against(c.members[entry["name"]] > bar).dice, 3) for c in cases}
    networks = manifest.pop("networks")
    if chosen:
        manifest["vote"] = chosen.manifest()
    path.write_text(json.dumps(manifest | {"networks": networks}, indent=2) + "\n")


def bars(cases: list[Case], chosen: vote.Thresholds) -> str:
    """What was asked for, and what there is."""
    way = "vote, our thresholds"
    masks = [figures.ways(c, chosen) for c in cases]
    final = [c.against(m[way]) for c, m in zip(cases, masks) if way in m]
    lung = [figures.lung_row(c)["iou"] for c in cases if predictions.volumes()[c.name] in FOLDS["held_out"]["lungs"]]
    rows = [
        ["`ct100`, final vote: ≥ .80 with the volumes, ≥ .768 from scratch", "not measured over five folds"],
        ["IoU of the lungs ≥ .97", f"{number(float(np.mean(lung)))}, mean of {len(lung)} volumes"],
    ]
    if final:
        counted = [a.dice for a in final if a.true_share >= figures.LEAST_SHARE]
        error = 100 * float(np.mean([abs(a.share - a.true_share) for a in final]))
        rows[1:1] = [
            [
                "lesion Dice ≥ .78, cross-validated over the volumes with a share of at least 1 %",
                f"{number(float(np.mean(counted)))} on the {len(counted)} held-out volumes; not cross-validated",
            ],
            ["share MAE ≤ 3 points", f"{error:.1f} on the {len(final)} held-out volumes"],
        ]
    return table(["bar", "what there is"], rows)


def main() -> None:
    """Writes `RESULTS.md` and enters what belongs into the manifest."""
    cases, validation = figures.held_out(), figures.validation()
    chosen, best, papers = figures.chosen(validation)
    enter(cases, cases, chosen if validation else None)
    steps = ", ".join(f"`{r.name}` {r.steps}" for r in queue.shipped() if pack.entry_of(r.spec))
    sections = [
        "# What the networks are worth",
        "Made by `python -m training results` from stored predictions of the packed weights. The paper's figures are those of its"
        " text (`networks.md` §7 in the reference); its 50 test volumes are not ours, so they stand beside ours for orientation.",
        "## What is shipped",
        members(),
        f"Steps of the last run of each: {steps}.",
        "## 1. `ct100`: the paper's protocol, slice i in fold i mod 5",
        ct100(chosen),
        "## 2. Whole volumes of patients kept apart from every lesion network",
        volumes(cases, chosen),
        "Single networks and families at .5 unless the manifest says otherwise; lesions outside the predicted lungs count as missed."
        " Patient-level cross-validation over all 15 volumes: not measured, it needs members of every family for every fold."
        f" Weighted kappa of the CT-class and its confusion matrix: not measured, {len(cases)} volumes give none. DPN and DPN-3D: not measured,"
        " none is trained.",
        "## 3. Lungs",
        lungs(cases),
        "## 4. Series without masks",
        series(chosen),
        "A slice's score is the number of voxels marked on it.",
        "## 5. Packed weights against f32",
        f"On `{predictions.EXACT}`, the lungs the same for both:",
        rounding(),
        "## 6. Calibration and thresholds",
        calibration(cases),
        thresholds_text(chosen, best, papers, validation),
        "## The bars of this work",
        bars(cases, chosen),
    ]
    (MODELS / "RESULTS.md").write_text("\n\n".join(sections) + "\n")
