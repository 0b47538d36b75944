"""The data → arrays in canonical order (slice 0 at the feet, patient's right at column 0), right and left lung.

Each volume becomes `NAME.npz` with `grey` u8 `[slices, 384, 384]` (HU = grey · 1600/255 − 1350) and
`labels` u8 with the product's label bytes: 1 right lung, 2 left lung, + 4 lesion. Where the data
gives no lung mask (coronacases), lungs are found by threshold and morphology and joined with the
masks that exist (`cards/lungs.md`). Scans from neck to abdomen without COVID-19 (`trunks`) become
arrays of the same kind in a folder of their own: only the lung networks learn from them.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from .constants import LEFT, LESION, RIGHT
from .hounsfield import grey_from_hu, hu_from_grey
from .paths import ARRAYS, DATA, REPOSITORY, TRUNKS

#: Slices of this volume run from head to feet.
HEAD_FIRST = {"radiopaedia-1"}
#: Phantoms to train on: share of the left and of the right lung, seed. The page's own has seed 1
#: and stays unseen.
PHANTOMS = [(0.0, 0.0, 11), (0.05, 0.02, 12), (0.12, 0.3, 13), (0.25, 0.1, 14), (0.5, 0.35, 15), (0.6, 0.75, 16)]


def largest_components(mask: np.ndarray, count: int, least: float = 0.1) -> np.ndarray:
    """The `count` largest pieces that have at least `least` of the largest one's size, labelled 1, 2, …"""
    labels, found = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=found + 1)
    sizes[0] = 0
    out = np.zeros(mask.shape, np.uint8)
    for rank, piece in enumerate(np.argsort(sizes)[::-1][:count]):
        if sizes[piece] > least * sizes.max():
            out[labels == piece] = rank + 1
    return out


def inner_air(grey: np.ndarray, below_hu: float = -400) -> np.ndarray:
    """Air that does not reach the picture's border on its slice: lungs, airways, bowel gas."""
    air = hu_from_grey(grey) < below_hu
    for plane in air:
        labels, _ = ndimage.label(np.pad(plane, 1, constant_values=True))
        plane &= labels[1:-1, 1:-1] != labels[0, 0]
    return air


def airway(grey: np.ndarray) -> np.ndarray:
    """Windpipe and main bronchi, followed from the head downwards as long as their area changes slowly."""
    dark = ndimage.gaussian_filter(hu_from_grey(grey), (0, 1, 1)) < -925
    inner = inner_air(grey, -700)
    out = np.zeros(grey.shape, bool)
    before = None
    for z in range(len(grey) - 1, -1, -1):
        labels, count = ndimage.label(dark[z] & inner[z])
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        if before is None:
            centres = ndimage.center_of_mass(labels > 0, labels, range(1, count + 1)) if count else []
            body = np.argwhere(hu_from_grey(grey[z]) > -300)
            middle = body[:, 1].mean() if len(body) else 192
            fitting = [i + 1 for i, c in enumerate(centres) if 40 < sizes[i + 1] < 700 and abs(c[1] - middle) < 30]
            # Air below the neck, under a head-rest, lies behind the windpipe.
            now = labels == min(fitting, key=lambda i: centres[i - 1][0]) if fitting else None
        else:
            touched = [i for i in np.unique(labels[before]) if i and sizes[i] < 900]
            now = np.isin(labels, touched)
            if now.sum() > 1.7 * before.sum() + 60 or not now.any():
                break
        if now is not None:
            out[z] = ndimage.binary_dilation(now, iterations=3)
            before = now
    return out


def found_lungs(grey: np.ndarray) -> np.ndarray:
    """Lungs by threshold: inner air, opened, at most two pieces, vessels closed; airways and thin bridges fall off."""
    disk = ndimage.generate_binary_structure(2, 1)[None]
    air = inner_air(grey) & ~airway(grey)
    seeds = largest_components(ndimage.binary_opening(air, disk, iterations=3), 2) > 0
    grown = ndimage.binary_dilation(seeds, disk, iterations=3, mask=air)
    closed = ndimage.binary_closing(np.pad(grown, ((0, 0), (8, 8), (8, 8))), disk, iterations=6)[:, 8:-8, 8:-8]
    for plane in closed:
        plane |= ndimage.binary_fill_holes(plane)
    return closed


def sides(lungs: np.ndarray) -> np.ndarray:
    """Returns right (1) and left (2) of a lung mask.

    The mask is eroded until it falls into two pieces; then every voxel belongs to the nearest one.
    """
    small = lungs[:, ::2, ::2]
    middle = np.argwhere(small)[:, 2].mean()
    disk = ndimage.generate_binary_structure(2, 1)[None]
    core = small
    for _ in range(16):
        pieces = largest_components(core, 2, 0.15)
        columns = [np.argwhere(pieces == i)[:, 2].mean() if (pieces == i).any() else None for i in (1, 2)]
        if None not in columns and (columns[0] < middle) != (columns[1] < middle):
            if columns[0] > columns[1]:
                pieces = np.where(pieces > 0, 3 - pieces, 0).astype(np.uint8)
            break
        core = ndimage.binary_erosion(core, disk)
    else:
        pieces = np.zeros(small.shape, np.uint8)
        halves = np.where(np.arange(small.shape[2]) < middle, RIGHT, LEFT)
        pieces[small] = np.broadcast_to(halves, small.shape)[small]
    # Growing inside the mask first keeps a lung whole where it reaches across the midline.
    for _ in range(40):
        grown = ndimage.grey_dilation(pieces, footprint=np.ones((3, 3, 3), bool))
        new = small & (pieces == 0) & (grown > 0)
        if not new.any():
            break
        pieces[new] = grown[new]
    nearest = ndimage.distance_transform_edt(pieces == 0, return_distances=False, return_indices=True)
    side = pieces[tuple(nearest)].repeat(2, 1).repeat(2, 2)
    return np.where(lungs, side, 0).astype(np.uint8)


def volume(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Grey and labels of one volume folder."""
    masks = sorted(folder.glob("*_mask.png"))
    if folder.name in HEAD_FIRST:
        masks.reverse()
    mask = np.stack([np.asarray(Image.open(m)) for m in masks])
    grey = np.stack([np.asarray(Image.open(str(m).replace("_mask", ""))) for m in masks])
    lungs = mask > 0
    if folder.name.startswith("coronacases"):
        lungs |= found_lungs(grey)
        disk = ndimage.generate_binary_structure(2, 1)[None]
        lungs = ndimage.binary_closing(lungs, disk, iterations=2) | lungs
    return grey, sides(lungs) | np.where(mask == 2, LESION, 0).astype(np.uint8)


#: The single slices aren't in HU as their source says: air beside the patient is at −798 HU and
#: muscle at about 12 (modes over 27 slices, each within 25 HU). So they are brought to −1000 and 35
#: HU.
SINGLE_AIR_HU, SINGLE_MUSCLE_HU = -798.0, 12.0


def true_hu(values: np.ndarray) -> np.ndarray:
    """Returns the HU of a single slice's values."""
    return (values - SINGLE_AIR_HU) / (SINGLE_MUSCLE_HU - SINGLE_AIR_HU) * 1035 - 1000


def lung_slice(mask: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """One slice of the lung set, its two lungs told apart; `None` where they can't be."""
    lungs = np.asarray(Image.open(mask)) > 0
    pieces = largest_components(lungs, 2)
    columns = [np.argwhere(pieces == i)[:, 1].mean() if (pieces == i).any() else None for i in (1, 2)]
    if None in columns or pieces[:5].any() or pieces[-5:].any():
        return None
    if columns[0] > columns[1]:
        pieces = np.where(pieces > 0, 3 - pieces, 0).astype(np.uint8)
    grey = np.asarray(Image.open(str(mask).replace("_mask", "")))
    return grey_from_hu(true_hu(hu_from_grey(grey))), pieces


def phantom(left: float, right: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey and labels of a synthetic study, `inference/phantom`'s."""
    cargo = "cargo run --quiet --release --package corsai-phantom --example arrays --"
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"{folder}/phantom"
        subprocess.run([*cargo.split(), prefix, str(left), str(right), str(seed)], cwd=REPOSITORY, check=True)
        values, labels = np.fromfile(f"{prefix}.hu", "<i2"), np.fromfile(f"{prefix}.labels", np.uint8)
    shape = (-1, 256, 256)
    return grey_from_hu(values.reshape(shape).astype(np.float32)), labels.reshape(shape)


def main() -> None:
    """Makes every array that isn't there yet."""
    ARRAYS.mkdir(parents=True, exist_ok=True)
    for folder in sorted((DATA / "volumes").iterdir()):
        to = ARRAYS / f"{folder.name}.npz"
        if not to.exists():
            grey, labels = volume(folder)
            patient = json.loads((folder / "volume.json").read_text())["patient"]
            np.savez(to, grey=grey, labels=labels, patient=patient)
            print(to.name, grey.shape, patient, [int((labels & b > 0).sum()) for b in (1, 2, 4)], flush=True)
    TRUNKS.mkdir(exist_ok=True)
    for folder in sorted((DATA / "trunks").iterdir()):
        to = TRUNKS / f"{folder.name}.npz"
        if not to.exists():
            grey, labels = volume(folder)
            np.savez(to, grey=grey, labels=labels, patient=folder.name)
            print(to.name, grey.shape, [int((labels & b > 0).sum()) for b in (1, 2)], flush=True)
    for left, right, seed in PHANTOMS:
        to = ARRAYS / f"phantom-{seed}.npz"
        if not to.exists():
            grey, labels = phantom(left, right, seed)
            np.savez(to, grey=grey, labels=labels, patient=f"phantom-{seed}")
            print(to.name, grey.shape, flush=True)
    to = ARRAYS / "lung-slices.npz"
    if not to.exists():
        found = [lung_slice(m) for m in sorted((DATA / "lung-slices").glob("*_mask.png"))]
        kept = [f for f in found if f is not None]
        np.savez(to, grey=np.stack([g for g, _ in kept]), labels=np.stack([m for _, m in kept]))
        print(to.name, len(kept), flush=True)
