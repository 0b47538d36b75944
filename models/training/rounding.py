"""Rounding to 4 bits with compensation (Frantar et al. 2022, "GPTQ").

Rounding a weight to the nearest step costs lung Dice .005. Moving each rounding error onto the
weights still to be rounded, as the inputs' second moments allow, costs a fraction of that.
Convolutions are taken in the order data meets them, so that each sees the errors before it. What a
channel loses on average by all of them, at 8 bits too, its bias gives back.
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
    """Returns how a tensor is stored: in 32 (f32), 8 or 4 bits."""
    if weight.ndim != 4:
        return 32
    return 4 if name.startswith(spec.four) and weight.shape[1] > 1 else 8


def gptq(rows: np.ndarray, moments: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns integers `[channels, values]` and scales `[channels, groups]`, given the inputs' second moments."""
    rows = rows.copy()
    length = rows.shape[1]
    moments = moments + np.eye(length) * (DAMPING * np.trace(moments) / length + 1e-9)
    # Upper Cholesky factor of the inverse: row i tells how an error in value i spreads over the
    # later ones.
    spread = np.linalg.cholesky(np.linalg.inv(moments)).T
    integers = np.zeros(rows.shape, np.int8)
    scales = np.zeros((rows.shape[0], -(-length // group)), np.float16)
    for start in range(0, length, group):
        end = min(start + group, length)
        scale = quantize.scales_4bit(rows[:, start:end], group)[:, 0]
        scales[:, start // group] = scale
        safe = np.where(scale > 0, scale, 1).astype(np.float64)
        errors = np.zeros((rows.shape[0], end - start))
        for i in range(start, end):
            integers[:, i] = np.rint(rows[:, i] / safe).clip(-8, 7)
            errors[:, i - start] = (rows[:, i] - integers[:, i] * safe) / spread[i, i]
            rows[:, i + 1 : end] -= np.outer(errors[:, i - start], spread[i, i + 1 : end])
        rows[:, end:] -= errors @ spread[start:end, end:]
    return integers, scales


def input_moments(layer: nn.Conv2d, fed: torch.Tensor) -> np.ndarray:
    """Returns the second moments of a layer's inputs, in the order of its flattened weights."""
    side = layer.kernel_size[0]
    patches = F.unfold(fed, side, padding=side // 2).transpose(1, 2)
    patches = patches.reshape(-1, patches.shape[2])
    chosen = torch.randperm(len(patches), generator=torch.Generator().manual_seed(0))[:SAMPLES]
    some = patches[chosen].double()
    return (some.T @ some / len(some)).numpy()


@torch.no_grad()
def quantize_model(model: nn.Module, spec: Spec, pictures: torch.Tensor) -> dict[str, Quantized | np.ndarray]:
    """Returns all tensors of a folded network in stored form; the network itself gets the rounded weights."""
    forms: dict[str, Quantized | np.ndarray] = {}
    names = {module: f"{name}.weight" for name, module in model.named_modules()}
    convolutions = [module for module in names if isinstance(module, nn.Conv2d)]
    means: dict[nn.Conv2d, torch.Tensor] = {}

    def note(layer: nn.Conv2d, _: tuple, answer: torch.Tensor) -> None:
        means[layer] = answer.mean((0, 2, 3))

    def fit(layer: nn.Conv2d, arguments: tuple[torch.Tensor]) -> None:
        name, weight = names[layer], layer.weight.numpy().copy()
        if bits_of(name, layer.weight, spec) == 8:
            form = quantize.quantize_8bit(weight)
        else:
            rows = weight.reshape(len(weight), -1).astype(np.float64)
            integers, scales = gptq(rows, input_moments(layer, arguments[0]), spec.group)
            form = Quantized(weight.shape, 4, spec.group, scales, integers)
        layer.weight.copy_(torch.from_numpy(form.values()))
        forms[name] = form
        if layer.bias is not None:
            # What this rounding and those before it do on average goes into the bias.
            layer.bias += means[layer] - layer.forward(arguments[0]).mean((0, 2, 3))

    handles = [layer.register_forward_hook(note) for layer in convolutions]
    model(pictures)
    for handle in handles:
        handle.remove()
    handles = [layer.register_forward_pre_hook(fit) for layer in convolutions]
    model(pictures)
    for handle in handles:
        handle.remove()
    return {name: forms.get(name, value.numpy()) for name, value in model.state_dict().items()}
