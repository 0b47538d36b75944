"""What the lung network says on its cube, kept for training (`coarse`); and what a finer mask is worth (`judge`).

In PyTorch: no product has the finer network yet.
"""

import numpy as np
import torch
from torch import nn

from . import crop, store, train
from .constants import LEFT, PADDING_HU, RIGHT, SECTION_STEP
from .hounsfield import hu_from_grey
from .paths import COARSE
from .rim import RimStudy, studies, winners
from .specs import AXES, BACK, FOLDS, NAMED, SPECS, Spec

#: The runs that never saw a part of the scans from neck to abdomen, by the part.
APART = [f"lungs-trunks-{part}" for part in range(len(FOLDS["trunks"]))]


@torch.no_grad()
def cube_answer(hu: np.ndarray, network: nn.Module, spec: Spec) -> torch.Tensor:
    """Returns right and left probability of `[slices, rows, columns]` HU on the cube, `[2, size, size, size]`."""
    size = spec.size
    cube = crop.whole_volume(torch.from_numpy(hu), spec.input)
    centres = (torch.arange(size) + 0.5) / size * 2 - 1
    z, y, x = torch.meshgrid(centres, centres, centres, indexing="ij")
    total = torch.zeros(2, size, size, size)
    for projection in spec.projections:
        turned = [volume.permute(AXES[projection]) for volume in (cube, x, y, z)]
        sections = range(0, size, SECTION_STEP)
        seen = torch.stack([torch.stack([volume[i] for volume in turned]) for i in sections])
        found = torch.cat([network(part).softmax(1)[:, 1:] for part in seen.split(16)]).transpose(0, 1)
        # Between two sections their mean; the last one is repeated.
        after = torch.cat([found[:, 1:], found[:, -1:]], 1)
        every = torch.stack([found, (found + after) / 2], 2).flatten(1, 2)
        total += torch.stack([side.permute(BACK[projection]) for side in every])
    return total / len(spec.projections)


def on_grid(cube: torch.Tensor, shape: tuple[int, int, int]) -> np.ndarray:
    """Returns the cube's probabilities on a study's grid, u8 `[2, slice, row, column]`."""
    sides = [
        crop.resize(
            crop.resize(side.reshape(1, len(side), -1), shape[0], side[0].numel())[0].reshape(
                shape[0], *side.shape[1:]
            ),
            *shape[1:],
        )
        for side in cube
    ]
    return (torch.stack(sides).clamp(0, 1) * 255).round().numpy().astype(np.uint8)


def coarse() -> None:
    """Asks the lung network about every study that it wasn't asked about."""
    COARSE.mkdir(parents=True, exist_ok=True)
    shipped = store.load(SPECS["lungs"]).eval()
    apart = [train.averaged_model(NAMED[name]) for name in APART]
    for file, patient in studies():
        to = COARSE / file.name
        if to.exists():
            continue
        part = next((p for p, patients in enumerate(FOLDS["trunks"]) if patient in patients), None)
        with np.load(file) as arrays:
            hu = hu_from_grey(arrays["grey"])
        cube = cube_answer(hu, shipped if part is None else apart[part], SPECS["lungs"])
        np.savez(COARSE / f"part-{file.name}", coarse=on_grid(cube, hu.shape))
        (COARSE / f"part-{file.name}").rename(to)
        print(file.stem, hu.shape, flush=True)


@torch.no_grad()
def refined(study: RimStudy, network: nn.Module, spec: Spec) -> np.ndarray:
    """Returns the sides that the network finds on a study's slices."""
    square, out = study.box[:3], []
    rows, columns = study.grey.shape[1:]
    for z in range(len(study.grey)):
        seen = crop.crop(torch.from_numpy(hu_from_grey(study.grey[z])[None]), square, spec.input)
        said = torch.from_numpy(study.coarse[:, z] / 255).float()
        said = crop.resize(crop.cut(said - PADDING_HU, square) + PADDING_HU, spec.size, spec.size).clamp(0, 1)
        found = network(torch.cat([seen, said[None]], 1)).softmax(1)[0, 1:]
        steps = (crop.paste(found, square, rows, columns) * 255).round().numpy()
        out.append(winners(*steps))
    return np.stack(out)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Returns |A∩B| / |A∪B| of two masks."""
    return float((one & other).sum() / max((one | other).sum(), 1))


def judge(names: list[str]) -> None:
    """Prints for the named runs the lungs' IoU, and lesions left outside, of every study that the run never saw."""
    print("run", "study", "IoU of the cube", "IoU", "right", "left", "lesions outside: cube", "here", sep="\t")
    for name in names:
        run = NAMED[name]
        network = train.averaged_model(run)
        for file, patient in studies():
            if patient not in run.held_out:
                continue
            study = RimStudy.load(file, run.spec.box_margin)
            found, said = refined(study, network, run.spec), winners(*study.coarse)
            sides = [iou(found == side, study.lungs == side) for side in (RIGHT, LEFT)]
            cells = [iou(mask > 0, study.lungs > 0) for mask in (said, found)] + sides
            line = [f"{cell:.3f}" for cell in cells]
            if study.lesions.any():
                outside = [1 - (study.lesions & (mask > 0)).sum() / study.lesions.sum() for mask in (said, found)]
                line += [f"{100 * share:.1f} %" for share in outside]
            print(name, file.stem, *line, sep="\t", flush=True)
