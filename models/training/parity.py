"""PyTorch's answers for every architecture with synthetic weights: what the Rust networks are checked against."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from . import store
from .augment import normalise, uniform
from .network import build, fold_batch_norm
from .pack import encode, load_packed
from .paths import REPOSITORY
from .quantize import Quantized
from .specs import SPECS

FOLDER = REPOSITORY / "inference/networks/tests/random-weights"
#: Small, so that it takes a moment on any device.
SIZE = 64

#: One member stands for its family.
NAMES = ("lungs", "fpn-1", "resnet21-0", "resnet18-0", "dpn-axial-0")


@torch.no_grad()
def randomize_batch_norms(model: nn.Module, pictures: torch.Tensor, random: torch.Generator) -> nn.Module:
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


def random_weights(name: str, shape: tuple[int, ...]) -> Quantized | np.ndarray:
    """Returns the tensor of `inference/networks/src/random_weights.rs`: noise from a hash of name and index."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    if len(shape) == 1:
        centre = 1.0 if name.endswith("weight") else 0.0
        return (centre + 0.2 * (x / 2**32 - 0.5)).astype(np.float32)
    integers = ((x % np.uint32(255)).astype(np.int16) - 127).astype(np.int8).reshape(shape[0], -1)
    scales = np.full(shape[0], math.sqrt(6 / integers.shape[1]) / 127, np.float32)
    return Quantized(shape, 8, 0, scales, integers)


def main() -> None:
    """Writes the answers into `FOLDER`; prints how far folding moved the logits."""
    (FOLDER / "golden").mkdir(parents=True, exist_ok=True)
    entries = []
    for seed, name in enumerate(NAMES):
        like = SPECS[name]
        spec = replace(like, name=like.architecture["kind"] + ("-lungs" if name == "lungs" else ""), golden_stride=4)
        spec = replace(spec, input=spec.input | {"size": SIZE})
        torch.manual_seed(seed)
        random = torch.Generator().manual_seed(seed)
        pictures = normalise(uniform(random, -1000, 200, 2, spec.in_channels, SIZE, SIZE), spec.input)
        model = randomize_batch_norms(build(spec.architecture), pictures, random)
        with torch.no_grad():
            plain, merged = model(pictures), fold_batch_norm(model)(pictures)
        moved = float((plain - merged).abs().max() / plain.abs().max())
        model = fold_batch_norm(model)
        file = encode({k: random_weights(k, tuple(v.shape)) for k, v in model.state_dict().items()})
        entry = store.entry_fields(spec) | {"parts": [], "licence": "none"}
        entry["golden"] = store.store_golden(load_packed(spec, file), spec, FOLDER)
        entries.append(entry)
        print(spec.name, f"folded to within {moved:.1e}", flush=True)
    store.write(FOLDER, {"networks": entries})
