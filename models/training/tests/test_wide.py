"""Kernels, breath, pasted lesions and the batches that have them, on slices made here."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("scipy")

from training import lesions, wide  # noqa: E402 — torch may be missing.
from training.constants import LEFT, LESION, RIGHT  # noqa: E402
from training.hounsfield import grey_from_hu  # noqa: E402
from training.kernels import TWINS, Kernel  # noqa: E402
from training.others import free_slices, tumour_free  # noqa: E402
from training.paste import breathe_out, paste_lesions  # noqa: E402
from training.prepare import true_hu  # noqa: E402
from training.specs import NAMED, RUNS, SPECS  # noqa: E402
from training.twins import dice, refiltered  # noqa: E402


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def edge() -> np.ndarray:
    picture = np.full((64, 64), -800, np.float32)
    picture[:, 32:] = 40
    return picture


def test_a_kernel_keeps_the_mean_and_changes_the_edge() -> None:
    picture = edge()
    same = Kernel().refilter(picture, seeded())
    assert np.allclose(same, picture, atol=1e-2)
    smooth = Kernel(cutoff=0.3).refilter(picture, seeded())
    sharp = Kernel(edge=4.0, power=2.0).refilter(picture, seeded())
    for filtered in (smooth, sharp):
        assert filtered.mean() == pytest.approx(picture.mean(), abs=0.5)
    steepest = [float(np.abs(np.diff(p[20, 16:48])).max()) for p in (smooth, picture, sharp)]
    assert steepest[0] < 0.7 * steepest[1] < steepest[1] < steepest[2]


def test_a_kernels_noise_has_the_strength_that_it_says_and_rises_with_the_frequency() -> None:
    flat = np.zeros((128, 128), np.float32)
    noise = Kernel(edge=2.0, noise_hu=30.0).refilter(flat, seeded())
    assert noise.std() == pytest.approx(30, rel=0.01)
    power = np.abs(np.fft.rfft2(noise)) ** 2
    assert power[1:8, 1:8].mean() < 0.2 * power[40:60, 40:60].mean()


def test_a_twin_is_the_same_each_time() -> None:
    hu = np.stack([edge(), edge()])
    one, other = (refiltered(hu, TWINS["sharp"]) for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


def test_agreement_is_dice() -> None:
    one, other = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert dice([(one, one)]) == 1.0
    assert dice([(one, other), (other, other)]) == 0.75


def test_breathing_out_makes_the_lungs_denser_towards_the_back_and_nothing_else() -> None:
    lungs = torch.zeros(40, 40)
    lungs[5:35, 5:35] = 1
    hu = torch.where(lungs > 0, -850.0, 40.0)[None]
    hu[0, 20, 20] = 30.0
    for seed in range(6):
        out = breathe_out(hu, lungs, seeded(seed))
        assert torch.equal(out[0][lungs == 0], hu[0][lungs == 0])
        assert float(out[0, 20, 20]) == 30.0
        assert (out >= hu).all() and float(out.max()) <= 40.0
        assert float(out[0, 34, 8]) >= float(out[0, 6, 8])
    assert torch.equal(breathe_out(hu, torch.zeros(40, 40), seeded()), hu)


def test_pasted_lesions_lie_in_the_lungs_and_are_in_the_target() -> None:
    lungs = torch.zeros(48, 48)
    lungs[8:40, 8:24] = 1
    target = (torch.where(lungs > 0, -850.0, 40.0)[None], torch.zeros(48, 48), lungs)
    lesion = torch.zeros(48, 48)
    lesion[20:30, 16:32] = 1
    source = (torch.where(lesion > 0, -400.0, -850.0)[None], lesion)
    hu, truth = paste_lesions(target, source, seeded())
    assert torch.equal(truth, lesion * lungs)
    assert torch.equal(hu[0][lungs == 0], target[0][0][lungs == 0])
    assert float(hu[0][truth > 0].mean()) > -600
    # Far from the lesion nothing changes.
    assert torch.equal(hu[0, 8:14, 8:14], target[0][0, 8:14, 8:14])


def study(lesions_on: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.zeros((4, 64, 64), np.uint8)
    labels[:, 10:54, 8:28], labels[:, 10:54, 36:56] = RIGHT, LEFT
    for z in lesions_on:
        labels[z, 20:40, 12:24] |= LESION
    hu = np.where(labels & LESION, -300.0, np.where(labels & 3, -850.0, 40.0))
    return grey_from_hu(hu), labels


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("arrays", "others", "taught", "trunks"):
        (tmp_path / name).mkdir()
    for module in (wide, lesions):
        monkeypatch.setattr(module, "ARRAYS", tmp_path / "arrays")
    monkeypatch.setattr(wide, "OTHERS", tmp_path / "others")
    monkeypatch.setattr(wide, "TAUGHT", tmp_path / "taught")
    monkeypatch.setattr(wide, "TRUNKS", tmp_path / "trunks")
    grey, labels = study((1, 2))
    np.savez(tmp_path / "arrays/made-1.npz", patient="p-1", grey=grey, labels=labels)
    np.savez(tmp_path / "arrays/made-2.npz", patient="p-2", grey=grey, labels=labels)
    single = {"slices": [0], "grey": grey[1:2], "labels": labels[1:2], "boxes": [(8, 8, 48)]}
    np.savez(tmp_path / "arrays/ct100.npz", **{name: np.asarray(value) for name, value in single.items()})
    grey, labels = study(())
    np.savez(tmp_path / "others/lidc-0001.npz", patient="h", grey=grey, labels=labels, free=np.ones(4, bool))
    free = np.array([True, False, False, False])
    np.savez(tmp_path / "others/ricord-1.npz", patient="u", grey=grey, labels=labels, free=free)
    np.savez(tmp_path / "taught/ricord-1.npz", soft=np.full(grey.shape, 51, np.uint8))
    np.savez(tmp_path / "taught/made-1.npz", soft=np.full(grey.shape, 51, np.uint8))
    return tmp_path


def test_targets_are_outlines_softened_by_the_ensemble_and_nothing_where_nothing_is(folders: Path) -> None:
    source = wide.WideBatches(SPECS["fpn-320"], set())
    first, second = source.outlined
    assert sorted(np.unique(first.target)) == [0, 26, 153]
    assert not first.target[0].any()
    assert sorted(np.unique(second.target)) == [0, 255], "it wasn't asked about this one"
    (unlabelled,) = source.unlabelled
    assert [int(t.max()) for t in unlabelled.target] == [0, 51, 51, 51]
    assert [len(source.negative), len(source.single)] == [1, 1]
    alone = wide.WideBatches(SPECS["fpn-320"], {"p-2"}, teach=False)
    assert not alone.unlabelled and len(alone.outlined) == 1
    assert sorted(np.unique(alone.outlined[0].target)) == [0, 255]


def test_a_batch_depends_on_the_seed_alone_and_negatives_get_lesions_by_pasting_alone(folders: Path) -> None:
    source = wide.WideBatches(SPECS["fpn-320"], set())
    inputs, target = source.batch(6, seeded(5), 64)
    again, _ = source.batch(6, seeded(5), 64)
    assert torch.equal(inputs, again)
    assert inputs.shape == (6, 1, 64, 64) and target.shape == (6, 64, 64)
    assert float(target.min()) >= 0 and float(target.max()) <= 1
    source.pick = lambda random: source.negative[0].slice(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wide, "PASTED_NEGATIVE", 0.0)
        assert not source.batch(4, seeded(), 64)[1].any()
        patch.setattr(wide, "PASTED_NEGATIVE", 1.0)
        assert source.batch(4, seeded(), 64)[1].any()


def test_runs_judge_each_scan_from_neck_to_abdomen_by_one_that_never_saw_it() -> None:
    for run in (NAMED["fpn-wide-0"], NAMED["fpn-wide-1"], NAMED["fpn-320-2"]):
        assert run.spec.size == 320 and run.wide and run.taught
    seen = [{"lctsc-101", "lctsc-102"} - NAMED[name].held_out for name in ("fpn-wide-0", "fpn-wide-1", "fpn-320-2")]
    assert seen == [{"lctsc-102"}, {"lctsc-101"}, {"lctsc-101", "lctsc-102"}]
    assert all({"lctsc-101", "lctsc-102"} <= run.held_out for run in RUNS.values() if not (run.wide or run.trunks))


def test_slices_with_a_tumour_are_no_negatives() -> None:
    assert np.flatnonzero(~tumour_free("lctsc-103", 44)).tolist() == [15, 16, 17, 18, 19, 23, 24, 25]
    assert free_slices("lidc-0001", 3).all() and not free_slices("ricord-000082", 3).any()


def test_single_slices_are_brought_to_hu() -> None:
    assert true_hu(np.array([-798.0, 12.0])).tolist() == [-1000.0, 35.0]
