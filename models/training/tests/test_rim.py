"""The finer lung mask's batches and figures, on a study made here."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("scipy")

from training import rim, rim_figures  # noqa: E402 — torch may be missing.
from training.constants import LEFT, LESION, RIGHT  # noqa: E402
from training.hounsfield import grey_from_hu, hu_from_grey  # noqa: E402
from training.specs import NAMED, SPECS  # noqa: E402

SLICES, SIDE = 12, 48


def labels() -> np.ndarray:
    made = np.zeros((SLICES, SIDE, SIDE), np.uint8)
    made[3:9, 10:38, 6:20], made[3:9, 10:38, 28:42] = RIGHT, LEFT
    made[5, 12:16, 8:12] |= LESION
    return made


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study whose cube's answer is one row too short at the front."""
    made = labels()
    grey = grey_from_hu(np.where(made & 3, -850.0, 40.0))
    for folder in ("arrays", "coarse", "trunks"):
        (tmp_path / folder).mkdir()
    np.savez(tmp_path / "arrays/made-1.npz", grey=grey, labels=made, patient="p")
    said = np.stack([(made & 3) == side for side in (RIGHT, LEFT)]) * np.uint8(230)
    said[:, :, 10] = 0
    np.savez(tmp_path / "coarse/made-1.npz", coarse=said)
    monkeypatch.setattr(rim, "ARRAYS", tmp_path / "arrays")
    monkeypatch.setattr(rim, "COARSE", tmp_path / "coarse")
    monkeypatch.setattr(rim, "TRUNKS", tmp_path / "trunks")
    return tmp_path / "arrays/made-1.npz"


def test_a_side_wins_over_the_other_and_the_background() -> None:
    right, left = np.array([200, 100, 130, 120], np.uint8), np.array([20, 100, 125, 10], np.uint8)
    assert rim.winners(right, left).tolist() == [RIGHT, 0, RIGHT, 0]
    assert rim.winners(left, right).tolist() == [LEFT, 0, LEFT, 0]


def test_a_picture_keeps_right_and_left_apart_and_shows_what_the_cube_says(study: Path) -> None:
    source = rim.RimBatches(SPECS["rim"], set())
    assert len(source.volumes) == 1 and source.volumes[0].grey.shape[0] == SLICES
    inputs, classes = source.batch(6, torch.Generator().manual_seed(3), 64)
    again, _ = source.batch(6, torch.Generator().manual_seed(3), 64)
    assert torch.equal(inputs, again)
    assert inputs.shape == (6, 3, 64, 64) and classes.shape == (6, 64, 64)
    columns = torch.arange(64.0).expand(6, 64, 64)
    assert columns[classes == RIGHT].mean() < columns[classes == LEFT].mean()
    for side in (RIGHT, LEFT):
        said = inputs[:, side]
        assert float(said[classes == side].mean()) > 0.6 > 0.2 > float(said[classes == 0].mean())
    assert not rim.RimBatches(SPECS["rim"], {"p"}).volumes


def test_a_network_that_repeats_the_cube_is_worth_as_much(study: Path) -> None:
    loaded = rim.RimStudy.load(study, 0.1)

    class Repeat(torch.nn.Module):
        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            right, left = seen[:, 1].clamp(0.01, 0.98), seen[:, 2].clamp(0.01, 0.98)
            return torch.stack([(1 - right - left).clamp(min=0.01), right, left], 1).log()

    found = rim_figures.refined(loaded, Repeat(), SPECS["rim"])
    said = rim.winners(*loaded.coarse)
    assert rim_figures.iou(found > 0, said > 0) > 0.97
    assert rim_figures.iou(said > 0, loaded.lungs > 0) == pytest.approx(27 / 28)


def test_the_cubes_answer_comes_back_in_its_place() -> None:
    hu = hu_from_grey(grey_from_hu(np.where(labels() & 3, -850.0, 40.0)))

    class Dark(torch.nn.Module):
        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            lung = (seen[:, 0] < -0.2).float()
            right = (seen[:, 1] < 0).float()
            return torch.stack([1 - lung, lung * right, lung * (1 - right)], 1) * 20

    cube = rim_figures.cube_answer(hu, Dark(), SPECS["lungs"])
    grid = rim_figures.on_grid(cube, hu.shape)
    found = rim.winners(*grid)
    for side in (RIGHT, LEFT):
        assert rim_figures.iou(found == side, (labels() & 3) == side) > 0.9


def test_each_scan_from_neck_to_abdomen_is_judged_by_a_run_that_never_saw_it() -> None:
    apart = [NAMED[f"rim-trunks-{part}"].held_out & {"lctsc-101", "lctsc-102"} for part in range(2)]
    assert apart == [{"lctsc-101"}, {"lctsc-102"}]
    assert {"cc-08", "rp-a"} <= NAMED["rim"].held_out
    assert NAMED["rim"].spec.size == 256 and NAMED["rim"].spec.in_channels == 3
