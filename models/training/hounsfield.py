"""The data's 8-bit grey and the Hounsfield units it stands for."""

import numpy as np

#: HU of grey 0, and how many HU the 256 greys span.
LOWEST_HU, SPAN_HU = -1350, 1600


def hu_from_grey(grey: np.ndarray) -> np.ndarray:
    """Returns the HU of 8-bit grey, f32."""
    return grey.astype(np.float32) * (SPAN_HU / 255) + LOWEST_HU


def grey_from_hu(values: np.ndarray) -> np.ndarray:
    """Returns the 8-bit grey of HU, clipped as the data is."""
    return np.rint((values - LOWEST_HU) * (255 / SPAN_HU)).clip(0, 255).astype(np.uint8)
