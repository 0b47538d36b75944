"""`inference/ensemble/tests/training-crop`: what training shows a network of a small volume made by formula.

`tests/training_crop.rs` of that crate holds Rust's preparation to it. Files are little-endian:
`volume.bin` i16 HU `[slice, row, column]`, `mask.bin` bytes, the others f32. Sizes are the
constants below.
"""

from pathlib import Path

import numpy as np
import torch

from . import crop
from .paths import REPOSITORY
from .specs import SPECS

FOLDER = REPOSITORY / "inference/ensemble/tests/training-crop"
SLICES, ROWS, COLUMNS = 5, 22, 26
#: Sizes of the networks' inputs: the box of 23 pixels is reduced for one and enlarged for the
#: other.
REDUCED, ENLARGED, WHOLE = 16, 32, 8
#: The slice that is cropped.
SLICE = 3


def volume() -> np.ndarray:
    """Returns HU that rise and fall with every index and go beyond the networks' range."""
    z, y, x = np.meshgrid(np.arange(SLICES), np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    return ((z * 397 + y * y * 31 + x * x * 53 + x * y * 17) % 2100 - 1500).astype(np.int16)


def mask() -> np.ndarray:
    """Returns lungs whose box, with its margin, reaches past the right edge and the lower one."""
    out = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    out[1, 6:20, 9:15] = 1
    out[3, 12:21, 18:26] = 2
    return out


def square() -> crop.Square:
    """Returns the lungs' box."""
    return crop.square_of_mask(mask().any(0), SPECS["fpn-1"].box_margin)


def arrays() -> dict[str, np.ndarray]:
    """Returns the fixture's files by their names."""
    hu = torch.from_numpy(volume().astype(np.float32))
    range_input, standard_input = SPECS["fpn-1"].input, SPECS["resnet21-0"].input
    some = hu[SLICE : SLICE + 1]
    crops = {
        "crop-range": crop.crop(some, square(), range_input | {"size": REDUCED}),
        "crop-standard": crop.crop(some, square(), standard_input | {"size": ENLARGED}),
        "whole-volume": crop.whole_volume(hu, SPECS["lungs"].input | {"size": WHOLE}),
    }
    inputs = {name: values.numpy().astype("<f4") for name, values in crops.items()}
    return {"volume": volume().astype("<i2"), "mask": mask()} | inputs


def main(folder: Path = FOLDER) -> None:
    """Writes the fixture."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays().items():
        (folder / f"{name}.bin").write_bytes(values.tobytes())
        print(name, values.shape)
