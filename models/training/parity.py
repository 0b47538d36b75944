"""Every architecture with made-up weights, packed as the trained ones are, with PyTorch's answers: what another
implementation is checked against before anything is trained."""

from pathlib import Path

import torch
from torch import nn

from . import store
from .augment import normalised, uniform
from .network import build, folded
from .specs import SPECS

#: One member stands for its family.
NAMES = ("lungs", "fpn-1", "resnet21-0", "resnet18-0", "dpn-axial-0")


@torch.no_grad()
def scrambled(model: nn.Module, pictures: torch.Tensor, random: torch.Generator) -> nn.Module:
    """Batch-norms with scales, shifts and statistics that matter, so that folding them wrongly shows."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.weight.copy_(uniform(random, 0.6, 1.4, len(norm.weight)))
        norm.bias.copy_(uniform(random, -0.3, 0.3, len(norm.bias)))
        # The pictures' own mean and variance, not a moving one.
        norm.momentum = 1.0
    for module in model.modules():
        if isinstance(module, nn.Dropout2d):
            module.p = 0.0
    model.train()(pictures)
    for norm in norms:
        norm.running_mean += uniform(random, -0.2, 0.2, len(norm.bias)) * norm.running_var.sqrt()
        norm.running_var *= uniform(random, 0.7, 1.4, len(norm.bias))
    return model.eval()


def main(folder: str) -> None:
    """Writes weights, goldens and a manifest into `folder`; prints how far folding moved the logits."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(NAMES):
        spec = SPECS[name]
        torch.manual_seed(seed)
        random = torch.Generator().manual_seed(seed)
        pictures = uniform(random, -1000, 200, 2, spec.in_channels, spec.size, spec.size)
        pictures = normalised(pictures, spec.input)
        model = scrambled(build(spec.architecture), pictures, random)
        with torch.no_grad():
            known = torch.from_numpy(store.golden_input(spec.in_channels, spec.size))[None]
            plain, merged = model(known), folded(model)(known)
        entry = store.put(model, spec, pictures, Path(folder))
        moved = float((plain - merged).abs().max() / plain.abs().max())
        print(name, f"logits to ±{plain.abs().max():.3g}, folded to within {moved:.1e}", [p["bytes"] for p in entry["parts"]])
