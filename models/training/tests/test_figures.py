"""Figures by hand, and the axes of the product's files."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

nibabel = pytest.importorskip("nibabel")

from training import cohort, figures  # noqa: E402 — nibabel may be missing.
from training.components import ComponentBounds  # noqa: E402
from training.specs import fold_members  # noqa: E402
from training.thresholds import PAPER  # noqa: E402


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
    volume = figures.Volume("synthetic", lungs, {}, found, figures.Rule(100), 1.0, (true_lungs, lesions))
    agreement = volume.against(found)
    # One of three found, and the one outside the lungs can't be.
    assert (agreement.both, agreement.found, agreement.true) == (1, 2, 3)
    assert agreement.dice == pytest.approx(0.4)
    assert (agreement.share, agreement.true_share) == (0.4, 0.5)
    assert volume.by_slice(found).tolist() == [2]


def volume_of(name: str, knowing: set[str]) -> figures.Volume:
    """Returns a volume in which the networks of `knowing` are right and all others wrong, voxel by voxel."""
    lungs = np.ones((2, 4, 4), np.uint8)
    lesions = np.zeros((2, 4, 4), np.uint8)
    lesions[0] = 1
    true = lesions[lungs > 0] > 0
    names = [member for family in ("fpn", "resnet21") for member in fold_members(family).values()]
    members = {member: np.where(true == (member in knowing), 100, 0).astype(np.uint16) for member in names}
    return figures.Volume(name, lungs, members, true, figures.Rule(100), 1.0, (lungs, lesions))


def test_a_patient_is_judged_by_the_fold_that_never_saw_it() -> None:
    fpn, resnet = fold_members("fpn"), fold_members("resnet21")
    # Right are only those that never saw the volume; of the last one's patient, all of its FPNs.
    volumes = {f"v{fold}": volume_of(f"v{fold}", {fpn[fold], resnet[fold]}) for fold in fpn}
    volumes["apart"] = volume_of("apart", set(fpn.values()))
    unseen = {f"v{fold}": [fold] for fold in fpn} | {"apart": sorted(fpn)}
    ways = figures.cross_validated(volumes, unseen)
    dice = {way: {row.name: row.dice for row in rows} for way, rows in ways.items()}
    assert dice["fpn"] == dict.fromkeys(volumes, 1.0)
    assert dice["resnet21"] == dict.fromkeys(volumes, 1.0) | {"apart": 0.0}
    # An FPN's no and a ResNet's yes cancel each other.
    assert dice["vote, our thresholds"] == dict.fromkeys(volumes, 1.0)
    assert [len(row.agreements) for row in ways["fpn"]] == [1, 1, 1, 1, 1, 5]
    assert all(row.true_share == 0.5 for row in ways["fpn"])
    assert figures.choose(volumes, unseen).fpn_high == 0.9


def test_a_vote_that_is_not_the_products_stops() -> None:
    fpn, resnet = fold_members("fpn"), fold_members("resnet21")
    volume = volume_of("synthetic", {*fpn.values(), *resnet.values()})
    figures.check(volume, PAPER)
    # Its one component is sure everywhere.
    figures.check(volume, PAPER, ComponentBounds(1.0, 16.0))
    with pytest.raises(SystemExit, match="synthetic"):
        figures.check(volume, PAPER, ComponentBounds(1.0, 16.5))
    with pytest.raises(SystemExit, match="synthetic"):
        figures.check(replace(volume, full=~volume.full), PAPER)
