"""`models/RESULTS.md` and the manifest's Dice and thresholds, from what `corsai` measured (`measure.py`).

Where the product hasn't measured something yet, or can't since the networks aren't shipped, the
table that the former copy of the pipeline in Python made stands instead, marked as such.
"""

import json

import numpy as np

from . import cohort, components, figures, measure, measured, store
from .components import ComponentBounds, ComponentTable
from .constants import LEFT, RIGHT
from .figures import Crossed, Volume
from .paths import DATA, MODELS
from .specs import ASKED, FAMILIES, FOLDS, SPECS, TIERS
from .thresholds import PAPER, Thresholds

#: What the paper says (its tables 7 and 8).
PAPER_CT100 = {
    "unet": ".684",
    "miniseg": ".759",
    "infnet": ".744",
    "fpn": ".705",
    "vote, the paper's thresholds": ".768",
}
PAPER_MOSMED = {"FPN, mean": ".595", "ResNet-21, unanimous": ".601", "vote, the paper's thresholds": ".643"}
#: How many members the paper has.
PAPER_MEMBERS = {"lungs": 3, "fpn": 6, "resnet21": 5, "resnet18": 1, "dpn": 18}
#: Families and networks as the tables name them.
NAMES = {
    "unet": "U-Net",
    "miniseg": "MiniSeg",
    "infnet": "Inf-Net",
    "fpn": "FPN",
    "resnet21": "ResNet-21",
    "dpn": "DPN-92",
}
#: Trained, measured and not shipped; the runs are gone.
NOT_SHIPPED = {
    "resnet18": "`resnet18-0`",
    "dpn": "`dpn-axial-0` to `-4`, `dpn-coronal-0`, `dpn-sagittal-0`",
}

SINGLE_SLICES = (
    "Single slices are refused by the product: these figures alone are measured in PyTorch "
    "(`python -m training ct100`). From scratch: every network five times, each time on eighty slices alone, and "
    "judged at .5 on the twenty it never saw; the recipe is that of `training/ct100.toml`, decided before its network "
    "was measured, before rounding, no test-time augmentation. The encoders of FPN and Inf-Net begin at ImageNet "
    "(Inf-Net's here is EfficientNet-B0, not Res2Net-50), the others at random weights. With the volumes: the "
    "families' networks of the folds, on eighty slices (for their first steps those of them on which an older rule "
    "found lungs) and the volumes of all patients but their fold's and those of section 2, packed, the FPNs at 320² "
    "(from scratch 256²); those that no family has go on from where they are from scratch, on the same eighty slices "
    "and the same volumes, at 256² and before rounding (`volumes` in `ct100.toml`; U-Net's last 40 steps were added "
    'after it had been measured without them: .682). The votes ask one network of each family; "our thresholds" are '
    "for every fold chosen on the other four (section 6). The paper doesn't say how it forms its mean, so both ways "
    "are given. Greys and boxes of the slices come from `training/ct100.py`, which asks the shipped lung network; "
    "that network saw none of the slices, but the rule was made looking at all hundred and at how much of their "
    "lesions is in the boxes."
)
INDEPENDENCE = (
    "`fpn-0`'s threshold and the length of its training were chosen looking at these volumes (`cards/fpn.md`). By "
    "them it was accepted that one lung network serves all projections, and its last 900 steps (`cards/lungs.md`). "
    "`fpn-320` was trained once, and is shipped for what it does in section 4; that the networks of the folds make "
    "the full tier and not the standard one was decided with these figures in sight. The vote's thresholds are those "
    "of section 6. Single networks are judged at their manifest's threshold, means of families at .5; lesions outside "
    "the lungs that were found count as missed."
)
CROSSED = (
    "By `fpn-1` to `fpn-5` and `resnet21-0` to `-4`, one of each family a fold of `training/folds.json`; each patient "
    "by the fold that never saw it. The three patients kept apart from all were seen by none of them: there the "
    "figures are means of those of five networks, or of five votes. The lung network has seen all volumes but "
    "`coronacases-08` and `radiopaedia-1`. A vote asks one network of each family; our thresholds are for every fold "
    "chosen on the other four (section 6)."
)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float, digits: int = 3) -> str:
    """Returns a Dice as the field writes it: no zero before the point."""
    return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"


def percent(share: float) -> str:
    """Returns a share in percent."""
    return f"{100 * share:.1f} %"


def mean_sd(values: list[float]) -> str:
    """Returns mean ± standard deviation, with n."""
    return f"{number(float(np.mean(values)))} ± {number(float(np.std(values)))}"


def from_mirror(kind: str, without: set[str] = frozenset()) -> str:
    """Returns a table that the copy in Python made, less the rows that the product has measured; else nothing."""
    kept = measured.read()["mirror"].get(kind)
    rows = [row for row in kept["rows"] if row[0].strip("*`") not in without] if kept else []
    if not rows:
        return ""
    stamp = kept["measured"]
    mark = (
        f"*Not measured by the product. By the copy of the pipeline in Python, {stamp['date']}, tree {stamp['tree']}:*"
    )
    return f"{mark}\n\n{table(kept['head'], rows)}"


def joined(*parts: str) -> str:
    """Returns paragraphs, less the empty ones."""
    return "\n\n".join(part for part in parts if part)


def members() -> str:
    """Returns what is shipped, beside the paper's numbers."""
    rows = []
    for family in FAMILIES:
        shipped = [s for s in SPECS.values() if s.family == family and store.entry_of(s, MODELS)]
        size = sum(p["bytes"] for s in shipped for p in store.entry_of(s, MODELS)["parts"]) / 1e6
        listed = ", ".join(f"`{s.name}`" for s in shipped) or "none"
        packed = f"{size:.1f} MB" if shipped else "–"
        rows.append([family, str(PAPER_MEMBERS[family]), listed, NOT_SHIPPED.get(family, "none"), packed])
    return table(["family", "the paper's members", "shipped", "trained and not shipped", "packed"], rows)


def ct100() -> str:
    """Returns section 1."""
    scratch, added = (measured.read()[kind] for kind in ("from scratch", "with the volumes"))
    rows = []
    for way in dict.fromkeys([*NAMES, *scratch, *added]):
        cells = []
        for found in (scratch.get(way), added.get(way)):
            if not found:
                cells += ["not measured"] * 3
                continue
            by_fold = ", ".join(map(number, found["folds"]))
            cells += [number(found["pixels"]), number(found["slices"]), by_fold]
        rows.append([NAMES.get(way, way), PAPER_CT100.get(way, "–"), *cells])
    kinds = ["all pixels", "mean over slices", "all pixels, fold by fold"]
    heads = [f"{when}: {kind}" for when in ("from scratch", "with the volumes") for kind in kinds]
    stamps = f"Measured {measured.when(scratch)}; with the volumes {measured.when(added)}."
    return joined(table(["network", "paper, 5 folds", *heads], rows), stamps, SINGLE_SLICES)


def shipped_ways(volume: Volume) -> dict[str, np.ndarray]:
    """Returns every mask that is compared, by its name in the tables; the tiers are the product's answers."""
    standard = [name for name in volume.members if SPECS[name].tier in TIERS[:2]]
    mean = volume.rule.mean_above([volume.members[name] for name in standard], SPECS[standard[0]].threshold)
    return dict(figures.ways(volume)) | {
        "vote, the paper's thresholds": volume.rule.lesions(volume.parts(), PAPER),
        "**quick**": volume.alone(next(name for name in standard if SPECS[name].tier == TIERS[0])),
        "**standard**": mean,
        "**full**": volume.full,
    }


def compare_with_evaluations(volume: Volume, masks: dict[str, np.ndarray]) -> None:
    """Stops where a tier's mask isn't the one that `corsai evaluate` counted."""
    for file, tier in (("cohort.csv", "standard"), ("held-out.csv", "full"), ("held-out.csv", "quick")):
        evaluation = measure.report(measure.evaluation_folder("volumes", file, tier) / "evaluation.json")
        for row in evaluation["studies"] if evaluation else []:
            if row["study"] == f"{volume.name}.nii.gz" and row["status"] == "measured":
                ours, theirs = volume.against(masks[f"**{tier}**"]), row["scores"]["lesion"]
                if [ours.both, ours.found, ours.true] != [theirs["both"], theirs["found"], theirs["truth"]]:
                    raise SystemExit(f"{volume.name}: {tier} isn't what corsai evaluate counted: {ours} {theirs}")


def volumes_table(cases: list[Volume]) -> str:
    """Returns section 2's first part."""
    if not cases:
        return from_mirror("volumes")
    masks = {case.name: shipped_ways(case) for case in cases}
    for case in cases:
        compare_with_evaluations(case, masks[case.name])
    rows = []
    for way in masks[cases[0].name]:
        agreements = [case.against(masks[case.name][way]) for case in cases]
        dice = [a.dice for a in agreements]
        error = [100 * (a.share - a.true_share) for a in agreements]
        absolute, bias = float(np.mean(np.abs(error))), float(np.mean(error))
        errors = [f"{absolute:.1f}", f"{bias:+.1f}", PAPER_MOSMED.get(way, "–")]
        rows.append([way, *map(number, dice), mean_sd(dice), number(figures.pooled(agreements)), *errors])
    names = [f"`{case.name}`" for case in cases]
    head = ["", *names, "mean ± sd", "pooled", "share MAE, points", "ME, points", "paper, MosMedData"]
    missing = "" if len(cases) == len(FOLDS["held_out"]["lesions"]) else "*The other volumes are still to be measured.*"
    done = {row[0].strip("*`") for row in rows}
    return joined(
        table(head, rows),
        missing,
        shares_table(cases),
        from_mirror("volumes", done if not missing else set()),
    )


def shares_table(cases: list[Volume]) -> str:
    """Returns shares and CT-classes of the full tier, as the product reports them."""
    rows = []
    for case in cases:
        lungs = measure.report(measure.Measured(case.name).report)["lungs"]
        sides = zip(case.true_shares(), (lungs[side]["share"] for side in ("right", "left")), strict=True)
        both = [f"{percent(true)}, {percent(found)}" for true, found in sides]
        total = case.against(case.full).true_share
        rows.append(
            [
                f"`{case.name}`",
                percent(total),
                percent(lungs["both"]["share"]),
                *both,
                f"CT-{lungs['both']['ct_class']}",
            ]
        )
    head = ["volume", "true share", "found share", "right: true, found", "left: true, found", "CT-class found"]
    return "Shares and class of the full tier:\n\n" + table(head, rows)


def crossed_tables(ways: dict[str, list[Crossed]] | None) -> str:
    """Returns section 2's second part."""
    if ways is None:
        return joined(from_mirror("cross-validated by volume"), from_mirror("cross-validated"), from_mirror("classes"))
    names = [NAMES.get(way, way) for way in ways]
    final = ways["vote, our thresholds"]
    lines = []
    for nth, row in enumerate(final):
        dice = [number(rows[nth].dice) for rows in ways.values()]
        shares = [percent(row.true_share), percent(row.share)]
        lines.append([f"`{row.name}`", str(len(row.agreements)), *dice, *shares])
    head = ["volume", "networks a family", *(f"Dice, {name}" for name in names), "true share", "found share"]
    summary = []
    for name, rows in zip(names, ways.values(), strict=True):
        error = [100 * (row.share - row.true_share) for row in rows]
        summary.append(
            [name, mean_sd([row.dice for row in rows if row.counts])]
            + [number(figures.pooled([row.agreements[0] for row in rows]))]
            + [f"{float(np.mean(np.abs(error))):.1f}", f"{float(np.mean(error)):+.1f}"]
        )
    counted = sum(row.counts for row in final)
    of = f"Dice, mean of the {counted} volumes with a share of at least 1 %"
    heads = ["", of, "pooled over all, the first network of each", "share MAE, points", "ME, points"]
    done = {row[0] for row in summary}
    shares = "Shares are those of the vote by our thresholds. All ways:"
    return joined(table(head, lines), shares, table(heads, summary), from_mirror("cross-validated", done))


def evaluated(cohort_name: str, tier: str) -> list[dict]:
    """Returns the studies of an evaluation that were measured."""
    found = measure.report(measure.evaluation_folder(cohort_name, "cohort.csv", tier) / "evaluation.json")
    return [row for row in found["studies"] if row["status"] == "measured"] if found else []


def overlap(counts: dict[str, int]) -> tuple[float, float]:
    """Returns Dice and IoU of `corsai`'s counts."""
    both, either = counts["both"], counts["found"] + counts["truth"]
    return 2 * both / either, both / (either - both)


def lung_counts(case: Volume) -> dict[str, dict[str, int]]:
    """Returns the counts of both lungs, of the right and of the left one, as `corsai evaluate` has them."""
    masks = {
        name: (np.isin(case.lungs, sides), np.isin(case.truth[0], sides))
        for name, sides in (("lungs", (RIGHT, LEFT)), ("right", (RIGHT,)), ("left", (LEFT,)))
    }
    return {
        name: {"both": int((f & t).sum()), "found": int(f.sum()), "truth": int(t.sum())}
        for name, (f, t) in masks.items()
    }


def lungs_row(name: str, counts: dict[str, dict[str, int]]) -> list[str]:
    """Returns IoU of both lungs, Dice of each."""
    cells = [overlap(counts["lungs"])[1], *(overlap(counts[side])[0] for side in ("right", "left"))]
    return [f"`{name}`", *map(number, cells)]


def lungs(cases: list[Volume], patients: dict[str, str]) -> str:
    """Returns section 3."""
    apart = [case for case in cases if patients[case.name] in FOLDS["held_out"]["lungs"]]
    rows = []
    for case in apart:
        lesions = case.truth[1] > 0
        outside = 1 - int((lesions & (case.lungs > 0)).sum()) / int(lesions.sum())
        rows.append([*lungs_row(case.name, lung_counts(case)), percent(outside)])
    head = ["volume", "IoU of both", "Dice right", "Dice left", "lesions left outside"]
    done = {row[0].strip("`") for row in rows}
    first = joined(table(head, rows) if rows else "", from_mirror("lungs", done), "The paper's IoU is .97.")
    trunks = evaluated("trunks", "standard")
    second = ""
    if trunks:
        rows = [
            [*lungs_row(row["study"].removesuffix(".nii.gz"), row["scores"]), percent(row["lungs"]["both"]["share"])]
            for row in trunks
        ]
        iou = [overlap(row["scores"]["lungs"])[1] for row in trunks]
        second = joined(
            f"Scans from neck to abdomen (LCTSC, planning CT of lung cancer, free breathing; experts' masks, never "
            f"trained on): mean IoU {number(float(np.mean(iou)))}.",
            table(["scan", "IoU of both", "Dice right", "Dice left", "share called lesion, standard tier"], rows),
            "These patients have no COVID-19. What is called lesion there is tumour, what surrounds it, and dense lung "
            "at the back: the share of a study that isn't COVID-19 means nothing.",
        )
    single = measured.read()["single lungs"]["lungs-apart"]
    low, high = map(number, single["range"])
    third = (
        "`lung-slices`: what is shipped was trained on all that could be used, so a network of the same recipe was "
        f"trained for 1200 steps without every fifth. On those {single['slices']} slices of as many patients, each "
        f"seen alone and axially, before rounding: IoU of both {number(single['iou'])} (from {low} to {high}), Dice "
        f"right {number(single['right'])}, left {number(single['left'])}, means over slices; measured "
        f"{single['measured']['date']}, tree {single['measured']['tree']}, in PyTorch."
    )
    return joined(first, second, third)


def series(found: dict[str, Volume | None]) -> str:
    """Returns section 4."""
    healthy, sick = (found[name] for name in measure.SERIES)
    parts = []
    if healthy and sick:
        labels = json.loads((DATA / "dicom" / f"{sick.name}_slice_labels.json").read_text())[sick.name]
        # The labels run from head to feet.
        ill = np.array(labels[: len(sick.lungs)])[::-1]
        shares = {way: percent(float(mask.mean())) for way, mask in shipped_ways(healthy).items()}
        areas = {way: number(figures.auc(sick.by_slice(mask), ill)) for way, mask in shipped_ways(sick).items()}
        head = ["", "`normal-001`: share called lesion", "`covid-P001`: slices' ROC AUC"]
        parts.append(table(head, [[way, shares[way], areas[way]] for way in shares]))
        parts.append(from_mirror("series", {way.strip("*`") for way in shares}))
    else:
        parts.append(from_mirror("series"))
    parts.append("A slice's score is the number of voxels marked on it. The labels run from head to feet.")
    unmasked = evaluated("unmasked", "standard")
    if unmasked:
        rows = [[f"`{row['study'].split('/')[-1].removesuffix('.nii.gz')}`", *reported(row)] for row in unmasked]
        parts.append("All series without masks, standard tier:")
        parts.append(table(["study", "lesion share", "CT-class", "warnings"], rows))
    return joined(*parts)


def reported(row: dict) -> list[str]:
    """Returns share, class and warnings of a study."""
    both = row["lungs"]["both"]
    return [percent(both["share"]), f"CT-{both['ct_class']}", ", ".join(row["warnings"]) or "none"]


def rounding() -> str:
    """Returns section 5."""
    rows = measured.read()["rounding"]
    lines = [
        [f"`{name}`", *(number(dice, 4) for dice in rows[name]["dice"])]
        + [f"{rows[name]['change']:+.4f}", f"{rows[name]['points']:+.3f}"]
        for name in ASKED
        if name in rows
    ]
    text = (
        "On `radiopaedia-1`, the lungs the same for both; of `fpn-0` and `fpn-320` the f32 weights are gone (their "
        f"cards have the figures). In PyTorch, {measured.when(rows)}: the runs are gone, so the product can't measure "
        "them again."
    )
    return joined(text, table(["", "Dice, f32", "Dice, packed", "ΔDice", "Δshare, points"], lines))


def calibration(volumes: dict[str, Volume], apart: list[Volume], unseen: dict[str, list[int]] | None) -> str:
    """Returns section 6's first part."""
    head = ["mean probability", "lesion among these voxels", "of all lung voxels"]

    def of(cases: list[tuple[Volume, list[np.ndarray]]]) -> str:
        return table(head, [[number(p), number(t), percent(n)] for p, t, n in figures.calibration(cases)])

    complete = len(apart) == len(FOLDS["held_out"]["lesions"])
    mean = of([(v, v.of("fpn")) for v in apart]) if complete else from_mirror("calibration, mean")
    parts = ["The mean of all FPNs, on the volumes kept apart from them:", mean]
    for family in ("fpn", "resnet21"):
        parts.append(f"Single networks ({NAMES[family]}) of the folds, on the other patients' volumes:")
        if unseen is None:
            parts.append(from_mirror(f"calibration, {family}"))
            continue
        cases = [
            (volumes[name], next(iter(some.values())))
            for name, folds in unseen.items()
            if len(folds) == 1
            for some in figures.by_fold(volumes[name], [family], folds).values()
        ]
        parts.append(of(cases))
    return joined(*parts)


def thresholds_text(own: Thresholds, chosen: Thresholds | None) -> str:
    """Returns section 6's second part."""
    rows = [
        [name, number(t.fpn_low, 2), number(t.fpn_high, 2), number(t.resnet, 2)]
        for name, t in (("paper", PAPER), ("ours", own))
    ]
    text = (
        "Chosen on the volumes of the folds, each by the two networks that never saw it: of those whose pooled Dice "
        "is within .0005 of the best, the ones by which slices are settled soonest (highest bound for FPNs, then for "
        "ResNets). DPNs' stay the paper's. How this was decided: `cards/resnet.md`."
    )
    if chosen is None:
        text += " They were chosen on what the copy in Python computed (2026-11-27, tree 41ef039)."
    elif chosen != own:
        text += (
            f" On the product's own probabilities the same choice gives {number(chosen.fpn_low, 2)}, "
            f"{number(chosen.fpn_high, 2)}, {number(chosen.resnet, 2)}; the shipped ones stay."
        )
    else:
        text += " The product's own probabilities give the same choice."
    return joined(table(["thresholds", "FPN low", "FPN high", "ResNets above"], rows), text)


def order() -> str:
    """Returns section 7: on which share of the slices with lung each network ran, in the order of the manifest."""
    names = [*dict.fromkeys(["coronacases-05", "coronacases-08", "radiopaedia-1", *measure.SERIES])]
    found = {name: measure.report(measure.EVALUATIONS / "stopped" / f"{name}.json") for name in names}
    found = {name: report["runs"] for name, report in found.items() if report}
    if not found:
        return from_mirror("order")
    asked = [n["name"] for n in next(iter(found.values()))["networks"] if n["name"] != "lungs"]
    ran = {name: {n["name"]: n["slices"] / r["slices"] for n in r["networks"]} for name, r in found.items()}
    rows = [[f"`{network}`", *(percent(ran[name].get(network, 0.0)) for name in ran)] for network in asked]
    totals = [sum(share for network, share in some.items() if network != "lungs") for some in ran.values()]
    rows.append(["networks a slice", *(f"{total:.1f} of {len(asked)}" for total in totals)])
    return table(["ran on", *(f"`{name}`" for name in ran)], rows)


def component_rows(tables: dict[str, ComponentTable], which: list[ComponentBounds]) -> list[list[str]]:
    """Returns a line for each of some bounds."""
    telling = [table.telling for table in tables.values()]
    rows = []
    for found in (components.outcome(tables.values(), telling, bounds) for bounds in which):
        dice = number(found.dice) if any(telling) else "–"
        pooled = number(found.pooled) if any(telling) else "–"
        free = percent(found.marked_free)
        rows.append(
            [f"{found.bounds.peak:g}", f"{found.bounds.least_ml:g}", dice, pooled, free]
            + [f"{found.dropped_ml:.1f}", f"{found.lost_ml:.1f}"]
        )
    return rows


def components_text(
    found: dict[str, Volume | None], patients: dict[str, str], own: Thresholds, bounds: ComponentBounds | None
) -> str:
    """Returns section 8."""
    volumes = {name: volume for name, volume in found.items() if volume}
    ways = figures.component_tables(volumes, folds_unseen(patients), own)
    fold_ways = {way: tables for way, tables in ways.items() if way.endswith("fold")}
    if not fold_ways:
        return "*Still to be measured.*"
    shown = [ComponentBounds(peak, 0.0) for peak in components.PEAKS]
    shown += [ComponentBounds(components.USUAL_PEAK, least_ml) for least_ml in components.VOLUMES_ML[1:]]
    head = [
        "peak",
        "least mL",
        "Dice, mean",
        "pooled",
        "slices without lesion that are marked",
        "mL dropped",
        "of them lesion",
    ]
    parts = []
    chosen = None
    for way, tables in ways.items():
        telling = [table.telling for table in tables.values()]
        best = components.choose(components.tried(list(tables.values()), telling)) if any(telling) else None
        if way == "vote of the fold":
            chosen = best
        rows = component_rows(tables, [*shown, *([best.bounds] if best else []), *([bounds] if bounds else [])])
        parts.append(f"{way.capitalize()}, {len(tables)} studies ({', '.join(f'`{name}`' for name in tables)}):")
        parts.append(table(head, rows))
        if best:
            parts.append(f"Chosen on these: a peak of {best.bounds.peak:g} and {best.bounds.least_ml:g} mL.")
    state = (
        "The shipped vote asks for nothing."
        if bounds is None
        else (f"The shipped vote asks for a peak of {bounds.peak:g} and {bounds.least_ml:g} mL.")
    )
    choice = f"The choice by the folds' votes: a peak of {chosen.bounds.peak:g} and {chosen.bounds.least_ml:g} mL."
    return joined(*parts, f"{choice} {state}")


def enter(cases: list[Volume], patients: dict[str, str]) -> None:
    """Enters the held-out Dice of every shipped network into the manifest, where the product measured all volumes."""
    if len(cases) < len(FOLDS["held_out"]["lesions"]):
        return
    manifest = store.read(MODELS)
    for entry in manifest["networks"]:
        if entry["family"] == "lungs":
            apart = [case for case in cases if patients[case.name] in FOLDS["held_out"]["lungs"]]
            entry["dice"] = {case.name: round(overlap(lung_counts(case)["lungs"])[0], 3) for case in apart}
        else:
            dice = {case.name: case.against(case.alone(entry["name"])).dice for case in cases}
            entry["dice"] = {name: round(value, 3) for name, value in dice.items()}
    store.write(MODELS, manifest)


def folds_unseen(patients: dict[str, str]) -> dict[str, list[int]]:
    """Returns for every volume the folds whose networks never saw its patient."""
    every = list(range(len(FOLDS["folds"])))
    return {
        name: every if cohort.is_held_out(patient) else [f for f in every if patient in FOLDS["folds"][f]]
        for name, patient in patients.items()
    }


def measured_by(volumes: dict[str, Volume]) -> str:
    """Returns what the product's figures were measured with."""
    about = [
        "Figures of the pipeline are measured by the product itself, `corsai` on the CPU, by `python -m training "
        "measure` (`corsai evaluate`, `corsai analyse --probabilities`): DICOM or NIfTI in, masks and numbers out, "
        "packed weights, nothing in Python but counting of voxels and thresholds. The masks of the votes are held "
        "against the product's own, voxel by voxel, when this file is made.",
        f"Volumes measured so: {', '.join(f'`{name}`' for name in volumes) or 'none yet'}.",
        "Tables under a line in italics are older. They were made by a copy of the pipeline in Python, which is gone; "
        "what stands in them of networks that aren't shipped can't be measured again.",
        "The paper's figures are those of its text; its 50 test volumes are not ours, so they stand beside ours for "
        "orientation.",
    ]
    return joined(*about)


def print_components() -> None:
    """Prints section 8 of what is measured by now."""
    patients, vote = cohort.patients(), store.read(MODELS)["vote"]
    found = {name: Volume.load(name) for name in (*patients, *measure.SERIES)}
    print(components_text(found, patients, Thresholds.read(vote), ComponentBounds.read(vote)))


def main() -> None:
    """Writes `RESULTS.md` and enters what belongs into the manifest."""
    patients = cohort.patients()
    vote = store.read(MODELS)["vote"]
    own, bounds = Thresholds.read(vote), ComponentBounds.read(vote)
    found = {name: Volume.load(name) for name in (*patients, *measure.SERIES)}
    for volume in filter(None, found.values()):
        figures.check(volume, own, bounds)
    volumes = {name: found[name] for name in patients if found[name]}
    apart = figures.held_out(volumes, patients)
    complete = len(volumes) == len(patients)
    unseen = folds_unseen(patients) if complete else None
    ways = figures.cross_validated(volumes, unseen) if complete else None
    chosen = figures.choose(volumes, unseen) if complete else None
    enter(apart, patients)
    sections = [
        "# What the networks are worth",
        measured_by(volumes),
        "## What is shipped",
        members(),
        "`fpn-0` gives the quick answer, its mean with `fpn-320` the standard one; `fpn-1` to `fpn-5` and the ResNets, "
        "each trained without one fold of the patients, vote in the full tier. `cards` has how long each was trained.",
        "## 1. `ct100`: the paper's protocol, slice i in fold i mod 5",
        ct100(),
        "## 2. Whole volumes of patients kept apart from every lesion network",
        volumes_table(apart),
        INDEPENDENCE,
        "### All 15 volumes, cross-validated by patient",
        crossed_tables(ways),
        CROSSED,
        "## 3. Lungs",
        lungs(apart, patients),
        "## 4. Series without masks",
        series(found),
        "## 5. Packed weights against f32",
        rounding(),
        "## 6. Calibration and thresholds",
        calibration(volumes, apart, unseen),
        thresholds_text(own, chosen),
        "## 7. In which order networks are asked",
        "Lower tiers go first; among a tier's networks the next was that of the family which settles most slices, "
        "then most voxels, for its cost. A network runs on the slices that those before it didn't settle.",
        order(),
        "## 8. Components that convince",
        components_text(found, patients, own, bounds),
    ]
    (MODELS / "RESULTS.md").write_text("\n\n".join(sections) + "\n")
