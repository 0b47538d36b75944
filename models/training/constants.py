"""The product's constants, from `models/constants.json`: the Rust code writes them (`tests/constants.rs`)."""

import json

from .paths import MODELS

PRODUCT = json.loads((MODELS / "constants.json").read_text())
#: Of the manifest.
FORMAT: int = PRODUCT["manifest_format"]
#: What a crop has beside the picture, HU.
PADDING_HU: float = PRODUCT["padding_hu"]
#: The quantized probability of 1.
PROBABILITY_ONE: int = PRODUCT["probability_one"]
#: Distance between the computed sections of a cube, voxels; those between are interpolated.
SECTION_STEP: int = PRODUCT["section_step"]
#: Bits of a label byte: the patient's right or left lung, and whether the voxel is lesion.
RIGHT, LEFT, LESION = (PRODUCT["label"][name] for name in ("right_lung", "left_lung", "lesion"))
