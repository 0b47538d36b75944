"""What training does to its pictures; greys are HU, f32, `[batch, 1, size, size]`."""

import torch
import torch.nn.functional as F

#: What lies outside a picture.
OUTSIDE_HU = -1024.0
#: Share of the volumes' pictures that come from phantoms: enough to know the page's own, too little to lean on.
PHANTOM_SHARE = 0.08


def normalised(values: torch.Tensor, given: dict) -> torch.Tensor:
    """HU as a network wants them, by its spec's `input`: the paper's normalisation A (`range`) or B (`standard`)."""
    values, how = values.clamp(*given["clip_hu"]), given["normalisation"]
    if how["kind"] == "range":
        return (values / how["divisor"]).clamp(-how["limit"], how["limit"])
    return (values - how["mean_hu"]) / how["deviation_hu"]


def uniform(random: torch.Generator, low: float, high: float, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=random) * (high - low) + low


def picked(real: list, phantoms: list, random: torch.Generator):
    """A volume by chance, a phantom in `PHANTOM_SHARE` of the cases."""
    pool = phantoms if float(torch.rand(1, generator=random)) < PHANTOM_SHARE else real
    return pool[int(torch.randint(len(pool), (1,), generator=random))]


def blurred(values: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Gaussian blur, another width for each picture of the batch."""
    taps = torch.arange(-3, 4.0)
    kernel = torch.exp(-0.5 * (taps / sigma.clamp(min=1e-3)[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    batch = len(values)
    flat = F.pad(values.transpose(0, 1), (3, 3, 3, 3), mode="replicate")
    flat = F.conv2d(flat, kernel.view(batch, 1, 1, 7), groups=batch)
    return F.conv2d(flat, kernel.view(batch, 1, 7, 1), groups=batch).transpose(0, 1)


def greys(values: torch.Tensor, random: torch.Generator, noise: float) -> torch.Tensor:
    """Another scanner: offset and gain in HU, blur or sharpening, noise with more or less grain, up to `noise` HU."""
    batch = len(values)
    each = (batch, 1, 1, 1)
    gain = uniform(random, 0.93, 1.07, *each)
    values = (values + 1000) * gain - 1000 + uniform(random, -60, 60, *each)
    soft = blurred(values, uniform(random, 0.4, 1.2, batch))
    # Negative: towards the blurred picture; positive: away from it.
    sharpen = uniform(random, -1.0, 1.0, *each) * (torch.rand(each, generator=random) < 0.6)
    values = values + (values - soft) * sharpen
    grain = torch.randn(values.shape, generator=random)
    coarse = blurred(grain, uniform(random, 0.5, 1.2, batch))
    coarse = coarse / coarse.std((1, 2, 3), keepdim=True)
    grain = torch.where(torch.rand(each, generator=random) < 0.5, grain, coarse)
    strength = uniform(random, 0, 1, *each) ** 2 * noise
    return values + grain * strength
