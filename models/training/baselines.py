"""Networks that the paper compares itself with (its table 8), by their own papers; for the table, never shipped.

MiniSeg: Qiu, Liu, Li, Xu, AAAI 2021 (arXiv 2004.09750), 83 k parameters. U-Net: Ronneberger, Fischer, Brox, MICCAI 2015
(arXiv 1505.04597), with borders of zeros and batch-norms as is usual since.
"""

import torch
import torch.nn.functional as F
from torch import nn


def _norm_act(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.PReLU(channels))


def _depthwise(channels: int, dilation: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, stride, dilation, dilation, channels, bias=False)


def _enlarged(maps: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return F.interpolate(maps, like.shape[-2:], mode="bilinear", align_corners=False)


class Plain(nn.Sequential):
    """3×3 convolution."""

    def __init__(self, before: int, after: int, stride: int = 1):
        super().__init__(nn.Conv2d(before, after, 3, stride, 1, bias=False), _norm_act(after))


class Separable(nn.Sequential):
    """1×1, then depthwise 5×5: the thin path that keeps detail."""

    def __init__(self, before: int, after: int, stride: int = 1):
        deep = nn.Conv2d(after, after, 5, stride, 2, groups=after, bias=False)
        super().__init__(nn.Conv2d(before, after, 1, bias=False), deep, _norm_act(after))


class Pyramid(nn.Module):
    """Attentive hierarchical spatial pyramid: four dilations of a quarter of the channels, each added to the next and
    weighed by an attention of its own."""

    DILATIONS = (1, 2, 4, 8)

    def __init__(self, before: int, after: int, stride: int = 1):
        super().__init__()
        count = len(self.DILATIONS)
        self.narrow = nn.Conv2d(before, after // count, 1, bias=False)
        self.branches = nn.ModuleList(_depthwise(after // count, dilation, stride) for dilation in self.DILATIONS)
        self.pool = nn.AvgPool2d(3, stride, 1)
        self.attention = nn.Conv2d(after, count, 1, groups=count, bias=False)
        self.fuse = nn.Conv2d(after, after, 1, groups=count, bias=False)
        self.after = _norm_act(after)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        narrow = self.narrow(maps)
        sums = [self.pool(narrow)]
        for branch in self.branches:
            sums.append(sums[-1] + branch(narrow))
        scales = torch.stack(sums[1:], 1)
        weights = 1 + self.attention(scales.flatten(1, 2)).sigmoid()
        return self.after(self.fuse((scales * weights[:, :, None]).flatten(1, 2)))


class Stage(nn.Module):
    """Two paths at one resolution: blocks one after the other, and beside the first half of them the thin path."""

    def __init__(self, block: type, before: int, channels: int, depth: int):
        super().__init__()
        self.thin_down, self.down = Separable(before, channels, 2), block(before, channels, 2)
        self.blocks = nn.ModuleList(block(channels, channels) for _ in range(depth))
        self.thin = nn.ModuleList(Separable(channels, channels) for _ in range(depth // 2))

    def forward(self, thin: torch.Tensor, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        thin, maps = self.thin_down(thin), self.down(maps)
        for nth, block in enumerate(self.blocks):
            both = thin + maps
            maps = block(both) + maps
            if nth < len(self.thin):
                thin = self.thin[nth](both) + thin
        return thin, maps


class MiniSeg(nn.Module):
    """Logits of four depths in training, which its loss minds alike; else the finest one's."""

    CHANNELS = (8, 24, 32, 64)
    DEPTHS = (2, 3, 8, 6)

    def __init__(self, in_channels: int, classes: int):
        super().__init__()
        blocks = (Plain, Pyramid, Pyramid, Pyramid)
        before = (in_channels, *self.CHANNELS[:-1])
        self.stages = nn.ModuleList(map(Stage, blocks, before, self.CHANNELS, self.DEPTHS))
        self.mixes = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * c, 2 * c, 1, bias=False), nn.BatchNorm2d(2 * c)) for c in self.CHANNELS[:-1]
        )
        self.sides = nn.ModuleList(nn.Sequential(nn.Conv2d(c, c, 1), nn.BatchNorm2d(c)) for c in self.CHANNELS)
        down = list(zip(self.CHANNELS[1:], self.CHANNELS[:-1], strict=True))
        self.narrows = nn.ModuleList(nn.Conv2d(before, after, 1, bias=False) for before, after in down)
        self.near = nn.ModuleList(_depthwise(after, 1) for _, after in down)
        self.far = nn.ModuleList(_depthwise(after, 2) for _, after in down)
        self.norms = nn.ModuleList(nn.BatchNorm2d(after) for _, after in down)
        self.acts = nn.ModuleList(nn.PReLU(c) for c in self.CHANNELS)
        self.heads = nn.ModuleList(nn.Conv2d(c, classes, 1) for c in self.CHANNELS)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        thin = maps = pictures
        levels = []
        for nth, stage in enumerate(self.stages):
            thin, maps = stage(thin, maps)
            levels.append(maps)
            if nth < len(self.mixes):
                left, right = self.mixes[nth](torch.cat([thin, maps], 1)).chunk(2, 1)
                thin, maps = left + thin, right + maps
        above = self.acts[-1](self.sides[-1](levels[-1]))
        logits = [self.heads[-1](above)]
        for nth in reversed(range(len(levels) - 1)):
            narrow = self.narrows[nth](_enlarged(above, levels[nth]))
            above = self.norms[nth](self.near[nth](narrow) + self.far[nth](narrow))
            above = self.acts[nth](above + self.sides[nth](levels[nth]))
            logits.append(self.heads[nth](above))
        if not self.training:
            return _enlarged(logits[-1], pictures)
        return [_enlarged(depth, pictures) for depth in logits]


class UNet(nn.Module):
    """`width` channels at the finest of five resolutions (64 in its paper)."""

    def __init__(self, in_channels: int, classes: int, width: int):
        super().__init__()

        def double(before: int, after: int) -> nn.Sequential:
            each = [
                nn.Sequential(nn.Conv2d(b, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
                for b in (before, after)
            ]
            return nn.Sequential(*each)

        widths = [width << depth for depth in range(5)]
        self.down = nn.ModuleList(map(double, [in_channels, *widths[:-1]], widths))
        pairs = list(zip(widths[1:], widths[:-1], strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(deep, fine, 2, 2) for deep, fine in pairs)
        self.joined = nn.ModuleList(double(2 * fine, fine) for _, fine in pairs)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        levels = [self.down[0](pictures)]
        for down in self.down[1:]:
            levels.append(down(F.max_pool2d(levels[-1], 2)))
        maps = levels.pop()
        for up, joined in zip(reversed(self.up), reversed(self.joined), strict=True):
            maps = joined(torch.cat([levels.pop(), up(maps)], 1))
        return self.head(maps)
