"""What training changes in its slices keeps slice and mask together, and leaves the rest alone."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training import crop, lungs  # noqa: E402 — torch may be missing.
from training.constants import PADDING_HU  # noqa: E402
from training.lesions import Warp, as_box, sample  # noqa: E402

INSIDE_HU, BESIDE_HU = 0.0, -800.0


def slice_and_mask(size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Returns a slice whose HU are a function of its mask: an ellipse off the middle."""
    y, x = np.mgrid[:size, :size]
    mask = ((y - 40) / 14) ** 2 + ((x - 60) / 22) ** 2 < 1
    return np.where(mask, INSIDE_HU, BESIDE_HU).astype(np.float32), mask


@pytest.mark.parametrize("seed", range(8))
def test_a_warp_moves_slice_and_mask_alike(seed: int) -> None:
    picture, mask = slice_and_mask()
    warp = Warp.random(torch.Generator().manual_seed(seed))
    hu, truth = sample(picture, mask, (10, 20, 70, 70), warp, 64)
    assert 0 < truth.mean() < 1
    # Half inside is half way between the two HU.
    assert torch.equal(truth > 0, hu[0] > (INSIDE_HU + BESIDE_HU) / 2)


def test_without_a_warp_a_box_is_the_crop() -> None:
    random = np.random.default_rng(3)
    picture = random.uniform(-1000, 400, (40, 48)).astype(np.float32)
    # It reaches past the upper edge and the right one.
    square = (-6, 20, 32)
    hu, _ = sample(picture, picture > 0, as_box(square), Warp(), 32)
    cut = crop.cut(torch.from_numpy(picture)[None], square)
    assert (cut[0, :6] == PADDING_HU).all()
    assert torch.allclose(hu, cut, atol=2e-2)


def test_a_box_that_is_enlarged_is_the_crop_within_its_edge() -> None:
    picture = np.random.default_rng(4).uniform(-1000, 400, (40, 48)).astype(np.float32)
    square, size = (5, 9, 20), 50
    hu, _ = sample(picture, picture > 0, as_box(square), Warp(), size)
    resized = crop.resize(crop.cut(torch.from_numpy(picture)[None], square), size, size)
    inner = slice(2, -2)
    assert torch.allclose(hu[:, inner, inner], resized[:, inner, inner], atol=2e-2)


def lung_sample() -> "torch.Tensor":
    """Returns `[3, 64, 64]`: HU above air, right and left lung in a body of soft tissue."""
    masks = torch.zeros(2, 64, 64)
    masks[0, 20:44, 10:26] = 1
    masks[1, 20:44, 38:54] = 1
    hu = torch.where(masks.sum(0) > 0, -850.0, 40.0)
    return torch.cat([(hu - PADDING_HU)[None], masks])


@pytest.mark.parametrize("seed", range(8))
def test_lungs_are_changed_only_where_they_are(seed: int) -> None:
    before = lung_sample()
    inside = before[1:].sum(0) > 0
    random = torch.Generator().manual_seed(seed)
    y = torch.linspace(-1, 1, 64)[:, None].expand(64, 64)
    for after in (lungs.add_consolidation(before, random), lungs.add_expiration(before, y, random)):
        assert torch.equal(after[1:], before[1:])
        assert torch.equal(after[0][~inside], before[0][~inside])
        # Less air, never more.
        assert (after[0] >= before[0] - 1e-3).all()
    gas = lungs.add_gas(before, random)
    assert torch.equal(gas[1:], before[1:])
    assert torch.equal(gas[0][inside], before[0][inside])
