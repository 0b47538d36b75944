"""The hundred single slices of `ct100`: brought to HU for training, and the paper's protocol on them.

The product refuses single slices, so these figures alone are measured in PyTorch, on
`training/crop.py`'s crop. `ct100.npz` has `slices` (their numbers), `grey` u8, `labels` u8 with
lesions alone, and `boxes` (row, column and side of the lungs' square).
"""

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import nn

from . import crop, measured, store, train
from .augment import normalise
from .constants import LESION, PROBABILITY_ONE
from .hounsfield import grey_from_hu, hu_from_grey
from .lesions import with_margin
from .paths import ARRAYS, DATA
from .prepare import largest_components
from .specs import ADDED, FOLDS, LUNGS_APART, PROTOCOL, RUNS, SPECS, Run, Spec, fold_members
from .thresholds import PAPER, PARTS, Rule, candidates, choose_apart

#: What the two peaks of a slice's grey are: aerated lung (the quarter's darkest) and soft tissue.
LUNG_HU, SOFT_HU = -860, 40
#: Grey levels between the two where they can't be told: of the hundred slices most have 135 to 165.
USUAL = 150
#: No fewer: where all lung is dense, the darkest quarter isn't aerated.
FEWEST = 130
COUNT = 100
#: Probabilities are rounded to steps, as the product counts them.
RULE = Rule(PROBABILITY_ONE)
#: Families and networks of `ct100.toml` that vote together, one network of each.
VOTES = {"vote": ("fpn", "resnet21"), "vote with DPN": ("fpn", "resnet21", "dpn")}


@torch.no_grad()
def lung_mask(values: torch.Tensor, network: nn.Module, spec: Spec) -> np.ndarray:
    """Returns 0, 1 (right) or 2 (left) of `[slices, rows, columns]` HU, each taken as the middle slice of a volume."""
    size = spec.size
    small = normalise(crop.resize(values.clamp(*spec.input["clip_hu"]), size, size), spec.input)
    centres = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    coordinates = torch.stack([x, y, torch.zeros_like(x)]).expand(len(values), 3, size, size)
    probabilities = network(torch.cat([small[:, None], coordinates], 1)).softmax(1)
    enlarged = torch.stack([crop.resize(p, *values.shape[1:]) for p in probabilities])
    return enlarged.argmax(1).numpy()


def otsu(values: np.ndarray) -> int:
    """Returns the grey that separates dark from bright with the largest variance between them (Otsu 1979)."""
    counts = np.bincount(values.ravel(), minlength=256).astype(float)
    below, mass = counts.cumsum(), (counts * np.arange(256)).cumsum()
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (mass[-1] * below / below[-1] - mass) ** 2 / (below * above)
    return int(np.nanargmax(variance))


def calibrate(
    picture: np.ndarray, network: nn.Module, lesions: np.ndarray | None = None
) -> tuple[np.ndarray, crop.Square]:
    """Returns an 8-bit slice of unknown window as the data's grey, and the square around its lungs.

    The grey is linear between the slice's two peaks. The square holds the lungs that the lung
    network finds, what is dark inside the body, and the lesions, if they are known.
    """
    smooth = ndimage.gaussian_filter(picture.astype(np.float32), 1)
    drawn = smooth > 8
    border = otsu(picture[drawn] if drawn.mean() > 0.3 else picture)
    counts = np.bincount(picture[smooth > border], minlength=256).astype(float)
    counts[254:] = 0
    soft = border + int(np.argmax(ndimage.gaussian_filter1d(counts, 3)[border:]))
    dark = smooth < border
    pieces, _ = ndimage.label(np.pad(dark, 1, constant_values=True))
    inside = dark & (pieces[1:-1, 1:-1] != pieces[0, 0])
    air = largest_components(ndimage.binary_opening(inside, iterations=2), 2) > 0
    lung = float(np.percentile(picture[air], 25)) if air.mean() > 0.01 else soft - USUAL
    lung = min(lung, soft - FEWEST)
    grey = grey_from_hu((picture - lung) / (soft - lung) * (SOFT_HU - LUNG_HU) + LUNG_HU)
    found = lung_mask(torch.from_numpy(hu_from_grey(grey))[None], network, SPECS["lungs"])[0] > 0
    region = ndimage.binary_opening(found | air, iterations=2)
    region = region | lesions if lesions is not None else region
    rows, columns = np.nonzero(region if region.any() else np.ones_like(region))
    ends = [(int(where.min()), int(where.max())) for where in (rows, columns)]
    return grey, crop.square_around(*ends, 0.0)


def read(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a slice and its lesions."""
    file = DATA / "ct100" / f"tr_im_{index:04}.png"
    mask = np.asarray(Image.open(file.with_stem(f"{file.stem}_mask"))) > 0
    return np.asarray(Image.open(file).convert("L")), mask


def main() -> None:
    """Makes `ct100.npz`."""
    to = ARRAYS / "ct100.npz"
    if to.exists():
        return
    network = store.load(SPECS["lungs"])
    pictures, lesions = zip(*map(read, range(COUNT)), strict=True)
    grey, boxes = zip(*(calibrate(p, network, m) for p, m in zip(pictures, lesions, strict=True)), strict=True)
    labels = np.stack(lesions) * np.uint8(LESION)
    np.savez(to, grey=np.stack(grey), labels=labels, boxes=np.array(boxes), slices=np.arange(COUNT))
    print(to.name, len(grey), flush=True)


@torch.no_grad()
def steps(indices: list[int], network: nn.Module, spec: Spec, lungs: nn.Module) -> np.ndarray:
    """Returns a network's probabilities in steps, `[slices, rows, columns]`."""
    answers = []
    for index in indices:
        # The box comes from the slice alone: what is lesion is what's asked.
        grey, square = calibrate(read(index)[0], lungs)
        square = with_margin(square, spec.box_margin)
        hu = torch.from_numpy(hu_from_grey(grey))[None]
        probability = network(crop.crop(hu, square, spec.input))[:, 0].sigmoid()
        answers.append(crop.paste(probability, square, *hu.shape[1:])[0])
    return (torch.stack(answers) * RULE.one).round().numpy().astype(np.uint16)


def unseen(fold: int) -> list[int]:
    """Returns the slices that a fold's networks never saw."""
    return list(range(fold, COUNT, len(FOLDS["folds"])))


def by_folds(networks: dict[int, tuple[nn.Module, Spec]]) -> np.ndarray:
    """Returns the steps of all slices, each by the network of the fold that never saw it."""
    lungs = store.load(SPECS["lungs"])
    answers = {fold: steps(unseen(fold), network, spec, lungs) for fold, (network, spec) in networks.items()}
    out = np.empty((COUNT, *answers[0].shape[1:]), np.uint16)
    for fold, part in answers.items():
        out[unseen(fold)] = part
    return out


def of_runs(runs: list[Run]) -> np.ndarray | None:
    """Returns the steps of all slices by a network of `ct100.toml`; `None` unless all its folds are trained."""
    if not all(map(train.is_finished, runs)):
        return None
    return by_folds({run.fold: (train.averaged_model(run), run.spec) for run in runs})


def of_family(family: str) -> np.ndarray | None:
    """Returns the steps of all slices by a family's packed networks of the folds; `None` unless all are there."""
    members = {fold: SPECS[name] for fold, name in fold_members(family).items()}
    if len(members) < len(FOLDS["folds"]) or not all(map(store.key, members.values())):
        return None
    return by_folds({fold: (store.load(spec), spec) for fold, spec in members.items()})


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    """Returns the Dice over all pixels."""
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))


def figures(answers: dict[str, np.ndarray]) -> dict[str, dict]:
    """Returns for every network and every vote the Dice over all pixels, the mean over slices and that by fold."""
    truth = np.stack([read(index)[1] for index in range(COUNT)])
    folds = np.arange(COUNT) % len(FOLDS["folds"])
    masks = {name: answer > RULE.one / 2 for name, answer in answers.items()}
    for name, voting in VOTES.items():
        if not set(voting) <= set(answers):
            continue
        parts = {PARTS[family]: [answers[family]] for family in voting}
        masks[f"{name}, the paper's thresholds"] = RULE.lesions(parts, PAPER)
        counts, tried = [], candidates(parts)
        for thresholds in tried:
            found = RULE.lesions(parts, thresholds)
            both, either = (found & truth).sum((1, 2)), found.sum((1, 2)) + truth.sum((1, 2))
            counts.append(np.stack([2 * both, either], 1))
        found = np.empty(truth.shape, bool)
        for fold, thresholds in enumerate(choose_apart(tried, np.array(counts), folds)):
            own = folds == fold
            found[own] = RULE.lesions({part: [m[own] for m in ms] for part, ms in parts.items()}, thresholds)
        masks[f"{name}, our thresholds"] = found
    return {
        name: {
            "pixels": dice(found, truth),
            "slices": float(np.mean([dice(f, t) for f, t in zip(found, truth, strict=True)])),
            "folds": [dice(found[folds == fold], truth[folds == fold]) for fold in range(len(FOLDS["folds"]))],
        }
        for name, found in masks.items()
    }


def measure() -> None:
    """Measures the protocol by all networks that are there, and keeps the figures."""
    scratch = {name: of_runs(runs) for name, runs in PROTOCOL.items()}
    added = {name: of_runs(runs) for name, runs in ADDED.items()} | {f: of_family(f) for f in PARTS}
    for kind, answers in (("from scratch", scratch), ("with the volumes", added)):
        found = {name: answer for name, answer in answers.items() if answer is not None}
        if found:
            measured.keep(kind, figures(found))


def measure_lungs() -> None:
    """Measures the lung network of `lungs-apart` on the single slices that it never saw."""
    run = RUNS[LUNGS_APART]
    if not train.is_finished(run):
        return
    with np.load(ARRAYS / "lung-slices.npz") as arrays:
        grey, truth = arrays["grey"][run.fold :: 5], arrays["labels"][run.fold :: 5] & 3
    found = lung_mask(torch.from_numpy(hu_from_grey(grey)), train.averaged_model(run), run.spec)
    pairs = list(zip(found, truth, strict=True))
    lungs = [dice(f > 0, t > 0) for f, t in pairs]
    sides = {side: float(np.mean([dice(f == n, t == n) for f, t in pairs])) for n, side in ((1, "right"), (2, "left"))}
    iou = [d / (2 - d) for d in lungs]
    row = {"slices": len(pairs), "iou": float(np.mean(iou)), "range": [min(iou), max(iou)]} | sides
    measured.keep("single lungs", {"lungs-apart": row})
