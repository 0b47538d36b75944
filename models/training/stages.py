"""`python -m training.stages`: every stage between the networks on a made-up study, as PyTorch and NumPy compute it. What
`inference/ensemble` is checked against, natively and in wasm; study and answers are those of its `golden.rs`."""

import numpy as np
import torch

from . import pipeline, vote
from .lesions import square_around
from .paths import REPOSITORY
from .prepare import LESION
from .specs import Spec

FOLDER = REPOSITORY / "inference/ensemble/tests/golden"
SLICES, ROWS, COLUMNS, SIZE = 14, 22, 26, 16
SPACING_MM = (10.0, 9.0, 8.0)
INPUT = {
    "size": SIZE,
    "clip_hu": [-1350.0, 150.0],
    "normalisation": {"kind": "range", "divisor": 2048.0, "limit": 0.505},
    "box_margin": 0.1,
}


def study() -> torch.Tensor:
    """HU `[slices, rows, columns]`."""
    z, y, x = np.meshgrid(np.arange(SLICES), np.arange(ROWS), np.arange(COLUMNS), indexing="ij")

    def inside(centre: tuple[int, int, int], reach: tuple[int, int, int]) -> np.ndarray:
        return sum((i * 2 - c) ** 2 * 3600 // (r * r) for i, c, r in zip((x, y, z), centre, reach)) < 3600

    noise = ((np.arange(x.size, dtype=np.uint32) * np.uint32(2_654_435_761)) >> np.uint32(8)) % 61
    tissue = np.full(x.shape, 40)
    tissue[inside((37, 16, 1), (5, 5, 2)) | ~inside((26, 22, 14), (28, 21, 60))] = -970
    tissue[inside((15, 22, 16), (10, 15, 14)) | inside((37, 22, 16), (10, 15, 13))] = -850
    tissue[inside((15, 25, 18), (6, 7, 7))] = -540
    return torch.from_numpy((tissue + noise.reshape(x.shape).astype(np.int64) - 30).astype(np.float32))


def lung_logits(pictures: torch.Tensor) -> torch.Tensor:
    grey, x, y = pictures[:, 0], pictures[:, 1], pictures[:, 2]
    lung = (-2.2 * grey).clamp(0.01, 0.94) * (1.25 - x * x - y * y).clamp(0.05, 1)
    right = lung * torch.where(x < 0, 0.9, 0.15)
    return torch.stack([1 - lung, right, lung - right], 1).log()


def lesion_network(network: int):
    """The network of this index in the manifest: pictures → logits."""
    grey = np.float32(0.25) + np.float32(0.015) * np.float32(network)
    return lambda pictures: torch.logit((1.05 - 6 * (pictures + grey).abs()).clamp(0.01, 0.99))


def spec(name: str, family: str, *projections: str) -> Spec:
    return Spec(name, family, projections, "quick", {"in_channels": 1}, INPUT, "", 1)


@torch.no_grad()
def stages() -> dict[str, np.ndarray]:
    """The stages by name, in the order in which a study goes through them."""
    hu = study()
    lung_spec = spec("lungs", "lungs", "axial", "coronal", "sagittal")
    probabilities = pipeline.lung_probabilities(hu, lung_logits, lung_spec)
    lungs = pipeline.lung_labels(probabilities, hu, SPACING_MM)
    square = square_around(lungs.any(0), INPUT["box_margin"])
    areas = (lungs > 0).sum((1, 2))
    # As jobs are handed out: the largest area first.
    shown = sorted(np.flatnonzero(areas), key=lambda z: (-areas[z], z))
    said, sections = {"fpn": [], "resnet": [], "dpn": []}, []
    for network, family in enumerate(("fpn", "fpn", "resnet21", "dpn", "dpn"), 1):
        steps = pipeline.lesion_steps(hu, lungs, lesion_network(network), spec("", family, "axial"))
        said[vote.PARTS[family]].append(steps)
    axial = len(said["dpn"])
    for projection in ("coronal", "sagittal"):

        def network(pictures: torch.Tensor) -> torch.Tensor:
            sections.append(pictures)
            return lesion_network(6)(pictures)

        # Each of the other projections counts as much as the axial networks together.
        said["dpn"] += axial * [pipeline.lesion_steps(hu, lungs, network, spec("", "dpn", projection))]
    labels = lungs.copy()
    labels[lungs > 0] |= np.where(vote.verdict(said, vote.PAPER), LESION, 0).astype(np.uint8)
    return {
        "resampled-volume": pipeline.cube(hu, lung_spec),
        "lung-probabilities": probabilities,
        "lung-labels": lungs,
        "crop": pipeline.box_inputs(hu[shown], square, lung_spec),
        "sections": torch.cat(sections),
        "vote": labels,
    }


def main() -> None:
    """Writes the stages into `FOLDER`, in f32."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, values in stages().items():
        (FOLDER / f"{name}.bin").write_bytes(np.asarray(values).astype("<f4").tobytes())
        print(name, tuple(values.shape))


if __name__ == "__main__":
    main()
