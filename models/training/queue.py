"""The trainings behind the shipped weights, in order; every one goes on where it was left."""

import os

import torch

from . import train
from .specs import SPECS
from .train import Run

#: Patients no lung network has seen, one from each source; figures come from them.
LUNGS_HELD_OUT = {"cc-08", "rp-a"}
#: The same for lesions, as in the reference's table.
LESIONS_HELD_OUT = {"cc-05", "cc-08", "rp-a"}
#: More threads than this slow the machine's other work.
THREADS = 2

RUNS = [
    Run("lungs-axial", SPECS["lungs-axial"], 700, LUNGS_HELD_OUT),
    Run("lungs-coronal", SPECS["lungs-coronal"], 400, LUNGS_HELD_OUT, after="lungs-axial"),
    Run("lungs-sagittal", SPECS["lungs-sagittal"], 400, LUNGS_HELD_OUT, after="lungs-axial"),
    Run("fpn-0", SPECS["fpn-0"], 900, LESIONS_HELD_OUT),
]


def main(names: list[str] | None = None) -> None:
    os.nice(10)
    torch.set_num_threads(THREADS)
    for run in RUNS:
        if (not names or run.name in names) and not train.finished(run):
            print("training", run.name, flush=True)
            train.train(run)
