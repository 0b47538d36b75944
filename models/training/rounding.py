"""Rounding to 4 bits that minds what a convolution is fed (Frantar et al. 2022, "GPTQ").

Rounding a weight to the nearest step costs lung Dice .005; moving each rounding error onto the weights still to be
rounded, as the inputs' second moments allow, costs a fraction. Convolutions are taken in the order data meets them, so
that each sees the errors before it.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import quantize
from .quantize import Quantized
from .specs import Spec

#: Added to the moments' diagonal, as a share of its mean.
DAMPING = 0.01
#: Pixels of the calibration pictures that a layer's moments are taken from.
SAMPLES = 16_384


def bits_of(name: str, weight: torch.Tensor, spec: Spec) -> int:
    """How a tensor is stored: 32 (f32), 8 or 4 bits."""
    if weight.ndim != 4:
        return 32
    return 4 if name.startswith(spec.four) and weight.shape[1] > 1 else 8


def compensated(rows: np.ndarray, moments: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers `[channels, values]` and scales `[channels, groups]` of `rows`, given the inputs' second moments."""
    rows = rows.copy()
    length = rows.shape[1]
    moments = moments + np.eye(length) * (DAMPING * np.trace(moments) / length + 1e-9)
    # Upper Cholesky factor of the inverse: row i tells how an error in value i spreads over the later ones.
    spread = np.linalg.cholesky(np.linalg.inv(moments)).T
    integers = np.zeros(rows.shape, np.int8)
    scales = np.zeros((rows.shape[0], -(-length // group)), np.float16)
    for start in range(0, length, group):
        end = min(start + group, length)
        scale = quantize.four_scales(rows[:, start:end], group)[:, 0]
        scales[:, start // group] = scale
        safe = np.where(scale > 0, scale, 1).astype(np.float64)
        errors = np.zeros((rows.shape[0], end - start))
        for i in range(start, end):
            integers[:, i] = np.rint(rows[:, i] / safe).clip(-8, 7)
            errors[:, i - start] = (rows[:, i] - integers[:, i] * safe) / spread[i, i]
            rows[:, i + 1 : end] -= np.outer(errors[:, i - start], spread[i, i + 1 : end])
        rows[:, end:] -= errors @ spread[start:end, end:]
    return integers, scales


class Stop(Exception):
    """Ends a forward pass once the layer's input is known."""


def inputs_of(model: nn.Module, layer: nn.Conv2d, pictures: torch.Tensor) -> torch.Tensor:
    """What the layer is fed, `[pixels, inputs · kernel²]`, in the order of its flattened weights."""
    seen = []

    def catch(_: nn.Module, arguments: tuple[torch.Tensor]) -> None:
        seen.append(arguments[0])
        raise Stop

    handle = layer.register_forward_pre_hook(catch)
    try:
        model(pictures)
    except Stop:
        pass
    handle.remove()
    side = layer.kernel_size[0]
    patches = F.unfold(seen[0], side, padding=side // 2).transpose(1, 2)
    patches = patches.reshape(-1, patches.shape[2])
    chosen = torch.randperm(len(patches), generator=torch.Generator().manual_seed(0))[:SAMPLES]
    return patches[chosen].double()


@torch.no_grad()
def rounded(model: nn.Module, spec: Spec, pictures: torch.Tensor) -> dict[str, Quantized | np.ndarray]:
    """All tensors of a folded network in stored form; the network itself ends up with the rounded weights."""
    forms: dict[str, Quantized | np.ndarray] = {}
    layers = []

    def note(module: nn.Module, _: tuple, __: torch.Tensor) -> None:
        layers.append(module)

    handles = [m.register_forward_hook(note) for m in model.modules() if isinstance(m, nn.Conv2d)]
    model(pictures[:1])
    for handle in handles:
        handle.remove()
    names = {module: name for name, module in model.named_modules()}
    for layer in layers:
        name = f"{names[layer]}.weight"
        weight = layer.weight.numpy().copy()
        if bits_of(name, layer.weight, spec) == 8:
            form = quantize.eight(weight)
        else:
            fed = inputs_of(model, layer, pictures)
            rows = weight.reshape(len(weight), -1).astype(np.float64)
            integers, scales = compensated(rows, (fed.T @ fed / len(fed)).numpy(), spec.group)
            form = Quantized(weight.shape, 4, spec.group, scales, integers)
            if layer.bias is not None:
                # The rounding's mean effect goes into the bias.
                lost = rows - form.values().reshape(rows.shape)
                layer.bias += torch.from_numpy(lost @ fed.mean(0).numpy()).float()
        layer.weight.copy_(torch.from_numpy(form.values()))
        forms[name] = form
    return {name: forms.get(name, value.numpy()) for name, value in model.state_dict().items()}
