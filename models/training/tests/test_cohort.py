"""Exported volumes lie as their arrays do."""

from pathlib import Path

import numpy as np
import pytest

nibabel = pytest.importorskip("nibabel")

from training import cohort  # noqa: E402 — nibabel may be missing.
from training.constants import LESION  # noqa: E402
from training.hounsfield import grey_from_hu, hu_from_grey  # noqa: E402


def test_an_exported_volume_keeps_its_sides_and_values(tmp_path: Path) -> None:
    shape = (3, 4, 5)
    grey = grey_from_hu(np.linspace(-1000, 200, 60).reshape(shape))
    labels = np.zeros(shape, np.uint8)
    # Right lung on the first columns, the left one on the last; a lesion in it at the head.
    labels[:, :, 0], labels[:, :, 4], labels[2, 1, 4] = 1, 2, 2 | LESION
    np.savez(tmp_path / "made-1.npz", grey=grey, labels=labels)
    line = cohort.export(tmp_path / "made-1.npz", tmp_path, (9.0, 1.3, 1.2), lesions=True)
    assert line == {
        "study": "made-1.nii.gz",
        "lung_mask": "made-1.lungs.nii.gz",
        "lesion_mask": "made-1.lesions.nii.gz",
    }
    images = {column: nibabel.load(tmp_path / name) for column, name in line.items()}
    for image in images.values():
        assert image.shape == (5, 4, 3)
        assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
        assert np.allclose(image.header.get_zooms(), (1.2, 1.3, 9.0))
    values = np.asarray(images["study"].dataobj)
    assert values.dtype == np.int16
    assert np.array_equal(values.transpose(), np.rint(hu_from_grey(grey)))
    assert np.array_equal(np.asarray(images["lung_mask"].dataobj).transpose(), labels & 3)
    assert np.argwhere(np.asarray(images["lesion_mask"].dataobj)).tolist() == [[4, 1, 2]]
