"""Inf-Net, which the paper compares itself with (its table 8): Fan et al., IEEE TMI 2020 (arXiv 2004.14133).

Its encoder here is EfficientNet-B0 and not Res2Net-50, whose ImageNet weights aren't within reach: so it starts where
the FPN does.
"""

import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from torch import nn

#: Channels of every map behind the encoder.
WIDTH = 32


def _conv(before: int, after: int, size: int | tuple[int, int] = 3, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, padding="same", dilation=dilation, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


def _as(maps: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return F.interpolate(maps, like.shape[-2:], mode="bilinear", align_corners=False)


class ReceptiveField(nn.Module):
    """Features seen at four scales, brought to `WIDTH` channels."""

    def __init__(self, before: int):
        super().__init__()
        wide = [
            nn.Sequential(
                _conv(before, WIDTH, 1),
                _conv(WIDTH, WIDTH, (1, k)),
                _conv(WIDTH, WIDTH, (k, 1)),
                _conv(WIDTH, WIDTH, 3, k),
            )
            for k in (3, 5, 7)
        ]
        self.branches = nn.ModuleList([_conv(before, WIDTH, 1), *wide])
        self.join, self.straight = _conv(4 * WIDTH, WIDTH), _conv(before, WIDTH, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.join(torch.cat([branch(maps) for branch in self.branches], 1)) + self.straight(maps)


class PartialDecoder(nn.Module):
    """The global map, from the three coarse levels alone."""

    def __init__(self, classes: int):
        super().__init__()
        self.up = nn.ModuleList(_conv(WIDTH, WIDTH) for _ in range(3))
        self.deep = nn.ModuleList([_conv(WIDTH, WIDTH), _conv(2 * WIDTH, 2 * WIDTH)])
        self.joined = nn.ModuleList([_conv(2 * WIDTH, 2 * WIDTH), _conv(3 * WIDTH, 3 * WIDTH)])
        self.head = nn.Sequential(_conv(3 * WIDTH, WIDTH), nn.Conv2d(WIDTH, classes, 1))

    def forward(self, fine: torch.Tensor, middle: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        second = self.up[0](_as(coarse, middle)) * middle
        third = self.up[1](_as(coarse, fine)) * self.up[2](_as(middle, fine)) * fine
        second = self.joined[0](torch.cat([second, self.deep[0](_as(coarse, middle))], 1))
        return self.head(self.joined[1](torch.cat([third, self.deep[1](_as(second, fine))], 1)))


class InfNet(nn.Module):
    """Returns logits of the last refinement; in training those of all depths, and of the lesions' edges."""

    def __init__(self, in_channels: int, classes: int):
        super().__init__()
        self.encoder = smp.encoders.get_encoder("efficientnet-b0", in_channels=in_channels, depth=5, weights=None)
        *_, fine, third, fourth, fifth = self.encoder.out_channels
        self.encoder._conv_head, self.encoder._bn1 = nn.Identity(), nn.Identity()
        self.edge = nn.Sequential(_conv(fine, WIDTH, 1), _conv(WIDTH, WIDTH), _conv(WIDTH, WIDTH))
        self.edge_head = nn.Conv2d(WIDTH, 1, 3, padding=1)
        self.fields = nn.ModuleList(map(ReceptiveField, (third, fourth, fifth)))
        self.decoder = PartialDecoder(classes)
        self.reverse = nn.ModuleList(
            nn.Sequential(
                _conv(level + WIDTH, 2 * WIDTH, 1),
                _conv(2 * WIDTH, 2 * WIDTH),
                _conv(2 * WIDTH, 2 * WIDTH),
                nn.Conv2d(2 * WIDTH, classes, 3, padding=1),
            )
            for level in (third, fourth, fifth)
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        *_, fine, third, fourth, fifth = self.encoder(pictures)
        edge = self.edge(fine)
        answers = [
            self.decoder(*(field(level) for field, level in zip(self.fields, (third, fourth, fifth), strict=True)))
        ]
        for reverse, level in reversed(list(zip(self.reverse, (third, fourth, fifth), strict=True))):
            # What the coarser map took for lesion is masked: the refinement looks at the rest.
            before = _as(answers[-1], level)
            answers.append(reverse(torch.cat([level * (1 - before.sigmoid()), _as(edge, level)], 1)) + before)
        if not self.training:
            return _as(answers[-1], pictures)
        return [_as(answer, pictures) for answer in (*answers, self.edge_head(edge))]
