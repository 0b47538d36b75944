"""Single axial pictures: the lungs on them, and what grey of an unknown window is in HU; `ct100` as an array.

`ct100.npz` has `slices` (their numbers), `grey` u8 (as `prepare`'s), `labels` u8 with lesions alone, and `boxes`
(row, column, side).
"""

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import nn

from . import pipeline, store
from .augment import normalised
from .paths import ARRAYS, DATA
from .prepare import LESION, grey_of, hu, largest_components
from .specs import SPECS, Spec

#: What two peaks of a picture's grey are: aerated lung (the quarter's darkest) and soft tissue.
LUNG_HU, SOFT_HU = -860, 40
#: Grey levels between the two where they can't be told: of the hundred pictures of `ct100` most have 135 to 165.
USUAL = 150
#: No fewer: where all lung is dense, the darkest quarter isn't aerated.
FEWEST = 130


@torch.no_grad()
def lung_labels(values: torch.Tensor, network: nn.Module, spec: Spec) -> np.ndarray:
    """Label bytes of `[pictures, rows, columns]` HU: each as the middle axial section of a cube, there is no other."""
    size = spec.size
    small = pipeline.in_planes(values.clamp(*spec.input["clip_hu"]), size, size)
    centres = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    where = torch.stack([x, y, torch.zeros_like(x)]).expand(len(values), 3, size, size)
    answers = network(torch.cat([normalised(small, spec.input)[:, None], where], 1)).softmax(1)[:, 1:]
    # Of different patients: no picture is joined to the next.
    return pipeline.lung_labels(answers.transpose(0, 1), values, (2 * pipeline.RIM_MM, *pipeline.NOMINAL_MM[1:]))


def between(values: np.ndarray) -> int:
    """The grey that parts dark from bright with the largest variance between them (Otsu 1979)."""
    counts = np.bincount(values.ravel(), minlength=256).astype(float)
    below, mass = counts.cumsum(), (counts * np.arange(256)).cumsum()
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (mass[-1] * below / below[-1] - mass) ** 2 / (below * above)
    return int(np.nanargmax(variance))


def calibrated(picture: np.ndarray, network: nn.Module, lesions: np.ndarray | None = None) -> tuple[np.ndarray, tuple[int, int, int]]:
    """An 8-bit picture of unknown window as HU-like grey, by its two peaks, and the square (row, column, side) around the
    lungs that the lung network finds, what is dark inside the body, and the lesions, if they are known."""
    smooth = ndimage.gaussian_filter(picture.astype(np.float32), 1)
    drawn = smooth > 8
    border = between(picture[drawn] if drawn.mean() > 0.3 else picture)
    counts = np.bincount(picture[smooth > border], minlength=256).astype(float)
    counts[254:] = 0
    soft = border + int(np.argmax(ndimage.gaussian_filter1d(counts, 3)[border:]))
    dark = smooth < border
    pieces, _ = ndimage.label(np.pad(dark, 1, constant_values=True))
    inside = dark & (pieces[1:-1, 1:-1] != pieces[0, 0])
    air = largest_components(ndimage.binary_opening(inside, iterations=2), 2) > 0
    lung = float(np.percentile(picture[air], 25)) if air.mean() > 0.01 else soft - USUAL
    lung = min(lung, soft - FEWEST)
    grey = grey_of((picture - lung) / (soft - lung) * (SOFT_HU - LUNG_HU) + LUNG_HU)
    found = lung_labels(torch.from_numpy(hu(grey))[None], network, SPECS["lungs"])[0] > 0
    region = ndimage.binary_opening(found | air, iterations=2)
    region = region | lesions if lesions is not None else region
    rows, columns = np.nonzero(region if region.any() else np.ones_like(region))
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    side = int(max(bottom - top, right - left) + 1)
    return grey, (int(top + bottom + 1 - side) // 2, int(left + right + 1 - side) // 2, side)


def lung_network() -> nn.Module:
    """The one that is shipped, or packed since; it saw no picture of `ct100`."""
    return store.load(SPECS["lungs"])


def read(index: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of `ct100` and its lesions."""
    file = DATA / "ct100" / f"tr_im_{index:04}.png"
    return np.asarray(Image.open(file).convert("L")), np.asarray(Image.open(file.with_stem(f"{file.stem}_mask"))) > 0


def main() -> None:
    to = ARRAYS / "ct100.npz"
    if to.exists():
        return
    network = lung_network()
    pictures, lesions = zip(*map(read, range(100)))
    grey, boxes = zip(*(calibrated(p, network, l) for p, l in zip(pictures, lesions)))
    labels = np.stack(lesions) * np.uint8(LESION)
    np.savez(to, grey=np.stack(grey), labels=labels, boxes=np.array(boxes), slices=np.arange(100))
    print(to.name, len(grey), flush=True)
