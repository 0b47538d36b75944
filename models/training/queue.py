"""The trainings behind the shipped weights, in order; every one goes on where it was left."""

from . import train
from .specs import SPECS
from .train import Run

#: Patients no lung network has seen, one from each source; figures come from them.
LUNGS_HELD_OUT = {"cc-08", "rp-a"}
#: The same for lesions, as in the reference's table.
LESIONS_HELD_OUT = {"cc-05", "cc-08", "rp-a"}
#: Volumes of patients that neither lung nor lesion networks have seen, then one only the lesion networks haven't.
HELD_OUT_VOLUMES = ["coronacases-08", "radiopaedia-1", "coronacases-05"]
#: Those of them that the lung networks were trained on.
SEEN_BY_LUNGS = {"coronacases-05"}
#: Probability above which a voxel is lesion, where it isn't 0.5. Between .3 and .7 Dice hardly moves; the lungs' edge
#: costs lesions, so the lower half is nearer to the true share.
THRESHOLDS = {"fpn-0": 0.4}
#: Threads that wait for each other stand still on a busy machine; two queues of one thread each don't.
THREADS = 1

_AXIAL, _CORONAL, _SAGITTAL = (SPECS[f"lungs-{p}"] for p in ("axial", "coronal", "sagittal"))

RUNS = [
    Run("lungs-axial", _AXIAL, 700, LUNGS_HELD_OUT),
    Run("lungs-coronal", _CORONAL, 400, LUNGS_HELD_OUT, after="lungs-axial"),
    Run("lungs-sagittal", _SAGITTAL, 400, LUNGS_HELD_OUT, after="lungs-axial"),
    Run("lungs-axial-2", _AXIAL, 120, LUNGS_HELD_OUT, after="lungs-axial", peak_rate=1e-3),
    Run("lungs-coronal-2", _CORONAL, 120, LUNGS_HELD_OUT, after="lungs-coronal", peak_rate=1e-3),
    Run("lungs-sagittal-2", _SAGITTAL, 120, LUNGS_HELD_OUT, after="lungs-sagittal", peak_rate=1e-3),
    Run("fpn-0", SPECS["fpn-0"], 450, LESIONS_HELD_OUT, early_steps=340, early_size=192),
    Run("fpn-0-2", SPECS["fpn-0"], 200, LESIONS_HELD_OUT, after="fpn-0", peak_rate=7e-4),
]


def shipped() -> list[Run]:
    """Of each network the last finished run."""
    return list({run.spec.name: run for run in RUNS if train.finished(run)}.values())


def main(names: list[str]) -> None:
    """Trains the named runs, or all."""
    for run in RUNS:
        if (not names or run.name in names) and not train.finished(run):
            print("training", run.name, flush=True)
            train.train(run)
