"""Statistics of the training pictures, on volumes made here."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from training import lesions
from training.constants import LESION, RIGHT
from training.hounsfield import grey_from_hu, hu_from_grey
from training.specs import SPECS

SIDE = 40
OUTSIDE = np.float32(100.0)


def volume(row: int, column: int, inside: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns grey and labels `[slice, row, column]`: a square lung, `inside` HU in its box, and other tissue."""
    labels = np.zeros((8, 128, 128), np.uint8)
    labels[:, row : row + SIDE, column : column + SIDE] = RIGHT
    labels[:, row + 10 : row + 16, column + 10 : column + 16] |= LESION
    values = np.full(labels.shape, OUTSIDE)
    grow = SIDE // 10
    values[:, row - grow : row + SIDE + grow, column - grow : column + SIDE + grow] = inside
    return grey_from_hu(values), labels


def test_each_volume_is_measured_in_its_own_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [(20, 20, -500.0), (70, 60, -900.0)]
    for number, (row, column, inside) in enumerate(places):
        grey, labels = volume(row, column, inside)
        np.savez(tmp_path / f"made-{number}.npz", patient=f"made-{number}", grey=grey, labels=labels)
    # A single picture's box is the lungs' without a margin.
    grey, labels = volume(40, 40, -700.0)
    single = {"slices": [0], "grey": grey[:1], "labels": labels[:1], "boxes": [(40, 40, SIDE)]}
    np.savez(tmp_path / "ct100.npz", **{name: np.asarray(value) for name, value in single.items()})
    monkeypatch.setattr(lesions, "ARRAYS", tmp_path)
    mean, deviation = lesions.statistics(SPECS["resnet21-0"])
    # Two slices of each volume and the single one, of one size; nothing from outside a box.
    values = hu_from_grey(grey_from_hu(np.array([-500.0, -500.0, -900.0, -900.0, -700.0])))
    assert mean == pytest.approx(values.mean(), abs=0.5)
    assert deviation == pytest.approx(values.std(), abs=0.5)
