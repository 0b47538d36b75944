"""Batch-norms folded, and put in again for further training."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("segmentation_models_pytorch")

from training.network import build, fold_batch_norm, unfold_batch_norm  # noqa: E402 — torch may be missing.


def test_a_folded_network_answers_the_same_with_its_batch_norms_again() -> None:
    torch.manual_seed(2)
    architecture = {
        "kind": "fpn-efficientnet-b0",
        "in_channels": 1,
        "classes": 1,
        "pyramid_channels": 32,
        "segmentation_channels": 32,
    }
    pictures = torch.randn(4, 1, 64, 64)
    folded = fold_batch_norm(build(architecture))
    again = unfold_batch_norm(folded, architecture, pictures).eval()
    with torch.no_grad():
        assert torch.allclose(again(pictures), folded(pictures), atol=1e-4)
    norms = [module for module in again.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert norms and all(float(norm.running_var.max()) > 0 for norm in norms)
