"""Weights as small integers: 8 bits per output channel, or 4 bits in groups, symmetric, as `CORSAIW1` stores them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Quantized:
    """A stored tensor: `integers` `[channels, values]`, `scales` `[channels]` (8 bits) or `[channels, groups]` (4)."""

    shape: tuple[int, ...]
    bits: int
    group: int
    scales: np.ndarray
    integers: np.ndarray

    def values(self) -> np.ndarray:
        """Returns what a reader gets, f32 in the tensor's shape."""
        return dequantized(self.integers, self.scales, self.group if self.bits == 4 else 0).reshape(self.shape)


def dequantized(integers: np.ndarray, scales: np.ndarray, group: int) -> np.ndarray:
    """Returns integers times their scales; `group` values share one, or, at 0, a whole channel."""
    scales = scales.astype(np.float32)
    spread = np.repeat(scales, group, axis=1)[:, : integers.shape[1]] if group else scales[:, None]
    return integers.astype(np.float32) * spread


def quantize_8bit(weight: np.ndarray) -> Quantized:
    """Rounds to the nearest of 255 steps, the outermost of which are each output channel's largest magnitude."""
    rows = weight.reshape(weight.shape[0], -1).astype(np.float64)
    scales = (np.abs(rows).max(1) / 127).astype(np.float32)
    integers = np.rint(rows / np.where(scales > 0, scales, 1)[:, None]).clip(-127, 127).astype(np.int8)
    return Quantized(weight.shape, 8, 0, scales, integers)


def scales_4bit(rows: np.ndarray, group: int) -> np.ndarray:
    """Returns a scale for every group of values, f16: the one of several clippings with the least squared error."""
    channels, length = rows.shape
    groups = -(-length // group)
    padded = np.zeros((channels, groups * group))
    padded[:, :length] = rows
    padded = padded.reshape(channels, groups, group)
    largest = np.abs(padded).max(2)
    best, least = None, None
    for clipping in np.linspace(0.6, 1.0, 17):
        scales = (largest * clipping / 7.5).astype(np.float16)
        safe = np.where(scales > 0, scales, 1).astype(np.float64)[..., None]
        error = ((np.rint(padded / safe).clip(-8, 7) * safe - padded) ** 2).sum(2)
        if best is None:
            best, least = scales, error
        else:
            better = error < least
            best, least = np.where(better, scales, best), np.where(better, error, least)
    return best
