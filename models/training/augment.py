"""What training changes in what it shows a network; values are HU, f32, `[batch, 1, size, size]`."""

import torch
import torch.nn.functional as F

#: Share of the volumes' slices that are the phantoms': enough to know the page's own, too little to
#: depend on it.
PHANTOM_SHARE = 0.08


def normalise(values: torch.Tensor, given: dict) -> torch.Tensor:
    """Returns HU normalised by a network's `input`: the paper's normalisation A (`range`) or B (`standard`)."""
    values, how = values.clamp(*given["clip_hu"]), given["normalisation"]
    if how["kind"] == "range":
        return (values / how["divisor"]).clamp(-how["limit"], how["limit"])
    return (values - how["mean_hu"]) / how["deviation_hu"]


def uniform(random: torch.Generator, low: float, high: float, *shape: int) -> torch.Tensor:
    """Draws even noise in `[low, high)`."""
    return torch.rand(shape, generator=random) * (high - low) + low


def pick_volume(real: list, phantoms: list, random: torch.Generator):
    """Draws a volume, a phantom in `PHANTOM_SHARE` of the cases."""
    pool = phantoms if float(torch.rand(1, generator=random)) < PHANTOM_SHARE else real
    return pool[int(torch.randint(len(pool), (1,), generator=random))]


def gaussian_blur(values: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Blurs by a Gaussian, of another width for each slice of the batch."""
    taps = torch.arange(-3, 4.0)
    kernel = torch.exp(-0.5 * (taps / sigma.clamp(min=1e-3)[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    batch = len(values)
    flat = F.pad(values.transpose(0, 1), (3, 3, 3, 3), mode="replicate")
    flat = F.conv2d(flat, kernel.view(batch, 1, 1, 7), groups=batch)
    return F.conv2d(flat, kernel.view(batch, 1, 7, 1), groups=batch).transpose(0, 1)


def augment_intensity(values: torch.Tensor, random: torch.Generator, noise: float) -> torch.Tensor:
    """Imitates another scanner: offset and gain in HU, blur or sharpening, fine or coarse noise of up to `noise` HU."""
    batch = len(values)
    each = (batch, 1, 1, 1)
    gain = uniform(random, 0.93, 1.07, *each)
    values = (values + 1000) * gain - 1000 + uniform(random, -60, 60, *each)
    soft = gaussian_blur(values, uniform(random, 0.4, 1.2, batch))
    # Negative: blurred; positive: sharpened.
    sharpen = uniform(random, -1.0, 1.0, *each) * (torch.rand(each, generator=random) < 0.6)
    values = values + (values - soft) * sharpen
    grain = torch.randn(values.shape, generator=random)
    coarse = gaussian_blur(grain, uniform(random, 0.5, 1.2, batch))
    coarse = coarse / coarse.std((1, 2, 3), keepdim=True)
    grain = torch.where(torch.rand(each, generator=random) < 0.5, grain, coarse)
    strength = uniform(random, 0, 1, *each) ** 2 * noise
    return values + grain * strength
