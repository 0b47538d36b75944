"""Figures by hand, and the axes of the product's files."""

import struct
from pathlib import Path

import numpy as np
import pytest

nibabel = pytest.importorskip("nibabel")

from training import cohort, figures  # noqa: E402 — nibabel may be missing.


def test_stored_steps_are_read_in_canonical_order(tmp_path: Path) -> None:
    steps = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    file = tmp_path / "steps.nii"
    nibabel.save(cohort.image(steps, (9.0, 1.3, 1.2)), file)
    # nibabel writes a scale of its own: the header's is at byte 112.
    content = bytearray(file.read_bytes())
    struct.pack_into("<ff", content, 112, 1 / 2048, 0.0)
    file.write_bytes(content)
    read, one = figures.read_nifti(file)
    # The file's columns run to the left and its rows to the back.
    assert one == 2048
    assert np.array_equal(read[:, ::-1, ::-1], steps)


def test_auc_counts_ties_half() -> None:
    assert figures.auc(np.array([3, 2, 1, 0]), np.array([1, 1, 0, 0])) == 1.0
    assert figures.auc(np.array([1, 1, 1, 1]), np.array([1, 0, 1, 0])) == 0.5
    assert figures.auc(np.array([2, 1, 1, 0]), np.array([1, 1, 0, 0])) == pytest.approx(0.875)


def test_a_volume_is_compared_as_by_hand() -> None:
    lungs = np.array([[[1, 1, 1, 2, 2, 0]]], np.uint8)
    true_lungs = np.array([[[1, 1, 1, 2, 2, 2]]], np.uint8)
    lesions = np.array([[[1, 1, 0, 0, 0, 1]]], np.uint8)
    found = np.array([True, False, True, False, False])
    volume = figures.Volume("made-up", lungs, {}, found, figures.Rule(100), (true_lungs, lesions))
    agreement = volume.against(found)
    # One of three found, and the one outside the lungs can't be.
    assert (agreement.both, agreement.found, agreement.true) == (1, 2, 3)
    assert agreement.dice == pytest.approx(0.4)
    assert (agreement.share, agreement.true_share) == (0.4, 0.5)
    assert volume.shares(found) == [pytest.approx(2 / 3), 0.0]
    assert volume.by_slice(found).tolist() == [2]
