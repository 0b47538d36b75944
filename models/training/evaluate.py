"""Measures the packed networks on whole volumes of patients they haven't seen, by the page's pipeline.

Writes `RUNS/evaluation.json` and prints a table. `shares` are lesion volume / lung volume of both lungs together.
"""

import json

import numpy as np
import torch
from torch import nn

from .paths import ARRAYS, RUNS
from .pipeline import lesion_probability, lung_labels, lung_probabilities
from .prepare import LESION, hu

PROJECTIONS = ("axial", "coronal", "sagittal")
#: Thresholds that are compared.
THRESHOLDS = [0.3, 0.4, 0.5, 0.6, 0.7]


def load(name: str) -> tuple[torch.Tensor, np.ndarray]:
    """HU and labels of one volume."""
    with np.load(ARRAYS / f"{name}.npz") as arrays:
        return torch.from_numpy(hu(arrays["grey"])), arrays["labels"]


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))


def lungs_of(name: str, networks: dict[str, nn.Module]) -> tuple[np.ndarray, dict]:
    """Predicted lungs of a volume and how they agree with its truth."""
    values, labels = load(name)
    found = lung_labels(lung_probabilities(values, networks), values.shape)
    truth = labels & 3
    either = (found > 0) & (truth > 0)
    missed = (labels & LESION > 0) & (found == 0)
    row = {
        "right": dice(found == 1, truth == 1),
        "left": dice(found == 2, truth == 2),
        "both": dice(found > 0, truth > 0),
        "iou": float(either.sum() / ((found > 0) | (truth > 0)).sum()),
        "lesion_outside": float(missed.sum() / max((labels & LESION > 0).sum(), 1)),
    }
    return found, row


def lesions_of(name: str, lungs: np.ndarray, networks: list[nn.Module], thresholds: list[float]) -> list[dict]:
    """Agreement at each threshold; shares use the volume's own lungs for the truth, the predicted ones for ours."""
    values, labels = load(name)
    probability = lesion_probability(values, lungs, networks)
    truth = labels & LESION > 0
    rows = []
    for threshold in thresholds:
        found = probability > threshold
        rows.append(
            {
                "threshold": threshold,
                "dice": dice(found, truth),
                "share": float(found.sum() / max((lungs > 0).sum(), 1)),
                "true_share": float(truth.sum() / max((labels & 3 > 0).sum(), 1)),
                "both": int((found & truth).sum()),
                "found": int(found.sum()),
                "true": int(truth.sum()),
            }
        )
    return rows


def main_(
    volumes: list[str], lung_networks: dict[str, nn.Module], lesion_networks: list[nn.Module], thresholds: list[float]
) -> dict:
    """All figures for these volumes; prints as it goes."""
    report: dict = {"lungs": {}, "lesions": {}}
    for name in volumes:
        lungs, row = lungs_of(name, lung_networks)
        report["lungs"][name] = row
        print(name, {k: round(v, 4) for k, v in row.items()}, flush=True)
        if lesion_networks:
            report["lesions"][name] = lesions_of(name, lungs, lesion_networks, thresholds)
            for row in report["lesions"][name]:
                shares = f"share {row['share']:.3f} of true {row['true_share']:.3f}"
                print(" ", row["threshold"], f"Dice {row['dice']:.3f}", shares, flush=True)
    for i, threshold in enumerate(thresholds if lesion_networks else []):
        rows = [report["lesions"][name][i] for name in volumes]
        pooled = 2 * sum(r["both"] for r in rows) / max(sum(r["found"] + r["true"] for r in rows), 1)
        mean = float(np.mean([r["dice"] for r in rows]))
        report.setdefault("all", []).append({"threshold": threshold, "mean": mean, "pooled": pooled})
        print("all", threshold, f"mean {mean:.3f} pooled {pooled:.3f}", flush=True)
    (RUNS / "evaluation.json").write_text(json.dumps(report, indent=1))
    return report


def main(_): pass
