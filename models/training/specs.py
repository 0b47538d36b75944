"""The networks that are shipped: what each sees, how wide it is, how it is stored."""

from dataclasses import dataclass

LICENCE = (
    "CC-BY-NC-SA-3.0 (as the training images); started from EfficientNet-Lite0 weights under Apache-2.0"
)
CLIP_HU = (-1350.0, 150.0)
DIVISOR = 2048.0
LIMIT = 0.505


@dataclass(frozen=True)
class Spec:
    """One network; the fields are those of `inference/protocol`'s manifest."""

    name: str
    family: str
    projection: str
    in_channels: int
    classes: int
    pyramid_channels: int
    segmentation_channels: int
    size: int
    region: str
    box_margin: float
    golden_stride: int
    #: Beginnings of the names of the convolutions stored in 4 bits; the others, and all depthwise ones, have 8.
    four: tuple[str, ...]
    #: Values that share a scale in 4 bits.
    group: int = 64

    def architecture(self) -> dict:
        return {
            "kind": "fpn-efficientnet-b0",
            "in_channels": self.in_channels,
            "classes": self.classes,
            "pyramid_channels": self.pyramid_channels,
            "segmentation_channels": self.segmentation_channels,
        }

    def input(self) -> dict:
        return {
            "size": self.size,
            "region": self.region,
            "clip_hu": list(CLIP_HU),
            "divisor": DIVISOR,
            "limit": LIMIT,
            "box_margin": self.box_margin,
        }


def _lungs(projection: str) -> Spec:
    return Spec(
        name=f"lungs-{projection}",
        family="lungs",
        projection=projection,
        in_channels=4,
        classes=3,
        pyramid_channels=64,
        segmentation_channels=64,
        size=128,
        region="whole-volume",
        box_margin=0.0,
        golden_stride=4,
        four=("encoder._blocks", "decoder"),
    )


SPECS = {
    spec.name: spec
    for spec in [
        _lungs("axial"),
        _lungs("coronal"),
        _lungs("sagittal"),
        Spec(
            name="fpn-0",
            family="fpn",
            projection="axial",
            in_channels=1,
            classes=1,
            pyramid_channels=256,
            segmentation_channels=128,
            size=256,
            region="lung-box",
            box_margin=0.1,
            golden_stride=8,
            four=("decoder.seg_blocks",),
        ),
    ]
}
