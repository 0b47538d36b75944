"""What every network says of every volume, computed once and stored; all figures come from these files.

`PREDICTIONS/VOLUME/lungs.npz` holds the label bytes that the lung networks give; `VOLUME/NETWORK.npz` one
lesion network's probabilities in those lungs (`pipeline.lesion_steps`), from the packed weights; `VOLUME/NETWORK.f32.npz`
the same before rounding. `ct100/NETWORK.npz` holds `[slices, rows, columns]` of the slices that the network's fold keeps
apart, `ct100/protocol-NAME.npz` (from scratch) and `ct100/volumes-NAME.npz` those of all slices by a network of `ct100.toml`,
each by the fold that never saw it, before rounding. `lung-slices/lungs-apart.npz` holds label bytes of the single slices that
this run keeps apart; `trunks/NAME.npz` those of a scan from neck to abdomen by the run that never saw it. A file says which weights made it, and is made anew when they are others.
"""

import numpy as np
import torch
from torch import nn

from . import pictures, pipeline, prepare, queue, series, store, train
from .network import folded
from .paths import ARRAYS, PREDICTIONS, TRUNKS
from .specs import ADDED, FOLDS, LUNGS_APART, PROTOCOL, RUNS, SPECS, Run, Spec

#: Series without masks: what is called lesion on a healthy patient, and on which slices of a sick one.
SERIES = ("normal-001", "covid-P001")
#: Distance of neighbouring slices, rows and columns of the scans from neck to abdomen, mm; in the
#: plane nominal.
TRUNK_MM = (9.0, 1.3, 1.3)
#: The volume on which packed weights are compared with those before rounding.
EXACT = "radiopaedia-1"


def volumes() -> dict[str, str]:
    """Patient of every volume with masks."""
    found = {}
    for file in sorted(ARRAYS.glob("*-[0-9]*.npz")):
        if not file.name.startswith("phantom"):
            with np.load(file) as arrays:
                found[file.stem] = str(arrays["patient"])
    return found


def truth(name: str) -> np.ndarray:
    """Label bytes of a volume with masks."""
    with np.load(ARRAYS / f"{name}.npz") as arrays:
        return arrays["labels"]


def values(name: str) -> torch.Tensor:
    """HU of a volume or series."""
    if name in SERIES:
        return torch.from_numpy(series.load(name))
    with np.load(ARRAYS / f"{name}.npz") as arrays:
        return torch.from_numpy(prepare.hu(arrays["grey"]))


def stored(volume: str, network: str) -> np.ndarray | None:
    """A stored answer; `None` where there is none yet."""
    file = PREDICTIONS / volume / f"{network}.npz"
    if not file.exists():
        return None
    with np.load(file) as arrays:
        return arrays["answer"]


def made_by(volume: str, network: str) -> str:
    """Which weights a stored answer is of."""
    with np.load(PREDICTIONS / volume / f"{network}.npz") as arrays:
        return str(arrays["key"])


def refresh(volume: str, network: str, key: str, compute) -> bool:
    """Computes and stores an answer, unless the stored one is of the same weights. Whether it did."""
    file = PREDICTIONS / volume / f"{network}.npz"
    if file.exists() and made_by(volume, network) == key:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, answer=compute(), key=key)
    print(volume, network, flush=True)
    return True


def lungs(name: str) -> np.ndarray:
    hu = values(name)
    return pipeline.lung_labels(pipeline.lung_probabilities(hu, store.load(SPECS["lungs"])), hu)


def of_volume(name: str, runs: list[Run]) -> None:
    """Fills in what is missing of one volume or series, by the packed networks of `runs`."""
    lung_key = store.key(SPECS["lungs"])
    refresh(name, "lungs", lung_key, lambda: lungs(name))

    def answer(network: nn.Module, spec: Spec) -> np.ndarray:
        return pipeline.lesion_steps(values(name), stored(name, "lungs"), network, spec)

    for run in runs:
        key = f"{store.key(run.spec)} {lung_key}"
        refresh(name, run.member, key, lambda: answer(store.load(run.spec), run.spec))
        if name == EXACT and train.finished(run) and queue.packed(run):
            refresh(name, f"{run.member}.f32", key, lambda: answer(folded(train.averaged(run)), run.spec))


@torch.no_grad()
def single_slices(run: Run, network: nn.Module) -> np.ndarray:
    """The slices of `ct100` in the run's fold."""
    answers, lung_network = [], pictures.lung_network()
    for index in fold_slices(run.fold):
        # The box comes from the picture alone: what is lesion is what's asked.
        grey, (row, column, side) = pictures.calibrated(pictures.read(index)[0], lung_network)
        grow = int(side * run.spec.box_margin)
        square = (row - grow, column - grow, side + 2 * grow)
        hu = torch.from_numpy(prepare.hu(grey))[None]
        probability = network(pipeline.box_inputs(hu, square, run.spec))[:, 0].sigmoid()
        answers.append(pipeline.steps(pipeline.from_box(probability, square, hu.shape))[0])
    return np.stack(answers)


def fold_slices(fold: int) -> list[int]:
    """Of the hundred, those that the fold keeps apart."""
    return [i for i in range(100) if i % 5 == fold]


def slices_truth(indices: list[int]) -> np.ndarray:
    """Lesions on slices of `ct100`."""
    return np.stack([pictures.read(i)[1] for i in indices])


def main(names: list[str]) -> None:
    """Fills in what is missing, of the named volumes or of all: who a network was not trained on, and the series."""
    packed = [run for run in queue.known() if run.spec.family != "lungs"]
    patients, lung_key = volumes(), store.key(SPECS["lungs"])
    for name in names or [*patients, *SERIES]:
        fitting = packed if name in SERIES else [run for run in packed if patients[name] in run.unseen]
        if fitting:
            of_volume(name, fitting)
    for run in packed:
        if run.fold is not None and run.spec.axial:
            refresh("ct100", run.member, f"{store.key(run.spec)} {lung_key}", lambda: single_slices(run, store.load(run.spec)))
    if train.finished(apart := RUNS[LUNGS_APART]):
        refresh("lung-slices", apart.name, train.key(apart), lambda: single_lungs(apart))
    for run in RUNS.values():
        if run.trunks_apart is not None and train.finished(run):
            for name in FOLDS["trunks"][run.trunks_apart]:
                refresh("trunks", name, train.key(run), lambda: trunk_lungs(name, run))
    for kind, networks in (("protocol", PROTOCOL), ("volumes", ADDED)):
        for name, runs in networks.items():
            if all(map(train.finished, runs)):
                refresh("ct100", f"{kind}-{name}", " ".join([*map(train.key, runs), lung_key]), lambda: protocol(runs))


def lung_slices(fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey and lungs of those slices of `lung-slices` that the fold keeps apart."""
    with np.load(ARRAYS / "lung-slices.npz") as arrays:
        return arrays["grey"][fold::5], arrays["labels"][fold::5]


def single_lungs(run: Run) -> np.ndarray:
    """Label bytes of the fold's single slices."""
    return pictures.lung_labels(torch.from_numpy(prepare.hu(lung_slices(run.fold)[0])), train.averaged(run), run.spec)


def trunk(name: str) -> tuple[torch.Tensor, np.ndarray]:
    """HU and label bytes of a scan from neck to abdomen."""
    with np.load(TRUNKS / f"{name}.npz") as arrays:
        return torch.from_numpy(prepare.hu(arrays["grey"])), arrays["labels"]


def trunk_lungs(name: str, run: Run) -> np.ndarray:
    """Label bytes of a scan from neck to abdomen."""
    hu = trunk(name)[0]
    return pipeline.lung_labels(pipeline.lung_probabilities(hu, folded(train.averaged(run))), hu, TRUNK_MM)


def protocol(runs: list[Run]) -> np.ndarray:
    """All slices of `ct100`, each by the run whose fold keeps it apart."""
    return in_order({run.fold: single_slices(run, train.averaged(run)) for run in runs})


def in_order(folds: dict[int, np.ndarray]) -> np.ndarray:
    """The folds' slices of `ct100` in one array, by their number."""
    answers = np.empty((sum(map(len, folds.values())), *folds[0].shape[1:]), folds[0].dtype)
    for fold, slices in folds.items():
        answers[fold_slices(fold)] = slices
    return answers
