"""Disease and breath that training adds to slices: real lesions of other patients, and lungs with less air."""

import torch
import torch.nn.functional as F

from .augment import gaussian_blur, uniform

#: Nothing in the lungs holds more air than air.
AIR_HU = -1000.0


def breathe_out(hu: torch.Tensor, lungs: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Takes air from the lungs of `[1, rows, columns]` HU; `lungs` is in [0, 1].

    Everywhere as in expiration, more towards the back as gravity does in a lying patient, and in half
    of the cases in a dense band along the lungs' hindmost rim. None of it is disease.
    """
    rows = torch.nonzero(lungs.amax(1) > 0.5)[:, 0]
    if not len(rows):
        return hu
    first, last = int(rows[0]), int(rows[-1])
    # 0 at the lungs' front, 1 at their back.
    depth = ((torch.arange(hu.shape[1]) - first) / max(last - first, 1)).clamp(0, 1)[:, None]
    everywhere, gravity, power = (float(uniform(random, low, high, 1)) for low, high in [(0, 0.2), (0, 0.3), (1, 3)])
    loss = everywhere + gravity * depth**power
    if float(torch.rand(1, generator=random)) < 0.5:
        # How far each voxel is from the first one behind it that isn't lung, in shares of the
        # lungs' depth.
        outside = (lungs < 0.5).float()
        behind = torch.zeros_like(lungs)
        run = torch.full_like(lungs[0], float(len(lungs)))
        for row in range(len(lungs) - 1, -1, -1):
            run = torch.where(outside[row] > 0, torch.zeros_like(run), run + 1)
            behind[row] = run
        width, strength = float(uniform(random, 0.03, 0.15, 1)), float(uniform(random, 0.1, 0.5, 1))
        loss = loss + strength * torch.exp(-behind / max(width * (last - first), 1)) * depth
    # What is less dense than water, in HU below it.
    air = (-hu).clamp(0, -AIR_HU)
    return hu + air * loss.clamp(0, 0.7) * lungs


def paste_lesions(
    target: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    source: tuple[torch.Tensor, torch.Tensor],
    random: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Puts the lesions of one slice into the lungs of another, with what surrounds them and a soft edge.

    `target` is `[1, size, size]` HU, the truth there and the lungs, `source` is HU and truth. Both are cut
    to their lungs' box, so that a lesion keeps its place in the chest. Returns HU and truth.
    """
    hu, truth, lungs = target
    other, lesions = source
    # A margin of the source's lung comes along.
    wide = F.max_pool2d(lesions[None, None], 5, 1, 2)
    alpha = gaussian_blur(wide, uniform(random, 0.8, 2.0, 1))[0] * lungs
    shift = float(uniform(random, -80, 80, 1))
    # Nothing darker than the lung that is there: a lesion holds no more air.
    pasted = torch.maximum(other + shift, hu.clamp(max=-300))
    mixed = hu * (1 - alpha) + pasted * alpha
    return mixed, torch.maximum(truth, ((lesions > 0.5) & (lungs > 0.5)).float())
