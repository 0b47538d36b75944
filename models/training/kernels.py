"""Reconstruction kernels imitated: a slice as another kernel would have made it.

For parallel beams a change of the kernel multiplies the slice's spectrum by a function of the
frequency's magnitude alone (FBPAug, arXiv 2107.08543). Noise goes through the same filter: filtered
back projection gives it an amplitude that rises with the frequency's root.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import fft

from .augment import uniform

#: Of a training slice: the share that is refiltered.
REFILTERED = 0.5


@dataclass(frozen=True)
class Kernel:
    """A change of kernel; frequencies are in shares of the slice's highest along an axis."""

    #: A smoother kernel: the gain falls to 1/e at this frequency; 0 for none.
    cutoff: float = 0.0
    #: A sharper kernel: gain 1 + `edge` · frequency^`power`.
    edge: float = 0.0
    power: float = 1.0
    #: Standard deviation of the noise that comes with it, HU.
    noise_hu: float = 0.0

    @classmethod
    def random(cls, random: torch.Generator) -> "Kernel":
        """Draws a smoother kernel, or in two of three cases a sharper one with more noise."""
        if float(torch.rand(1, generator=random)) < 1 / 3:
            return cls(cutoff=float(uniform(random, 0.25, 0.9, 1)), noise_hu=float(uniform(random, 0, 8, 1)))
        edge, power, noise = (float(uniform(random, low, high, 1)) for low, high in [(0.5, 8), (0.8, 3), (0, 1)])
        return cls(edge=edge, power=power, noise_hu=80 * noise**2)

    def gain(self, frequency: np.ndarray) -> np.ndarray:
        """Returns what the kernel multiplies a frequency with; 1 at 0."""
        sharp = 1 + self.edge * frequency**self.power
        return sharp * np.exp(-((frequency / self.cutoff) ** 2)) if self.cutoff else sharp

    def refilter(self, picture: np.ndarray, random: torch.Generator) -> np.ndarray:
        """Returns the slice `[rows, columns]`, HU, f32, as this kernel makes it."""
        rows, columns = picture.shape
        frequency = 2 * np.hypot(fft.fftfreq(rows)[:, None], fft.rfftfreq(columns)[None])
        gain = self.gain(np.minimum(frequency, 1)).astype(np.float32)
        spectrum = fft.rfft2(picture) * gain
        if self.noise_hu:
            white = torch.randn((rows, columns), generator=random).numpy()
            grain = fft.rfft2(white) * (np.sqrt(np.minimum(frequency, 1)) * gain)
            grain[0, 0] = 0
            noise = fft.irfft2(grain, picture.shape)
            spectrum += fft.rfft2((noise * (self.noise_hu / noise.std())).astype(np.float32))
        return fft.irfft2(spectrum, picture.shape).astype(np.float32)


#: The twins by which a network's agreement with itself is measured (`twins.py`).
TWINS = {"smooth": Kernel(cutoff=0.4), "sharp": Kernel(edge=4.0, power=2.0, noise_hu=30.0)}
