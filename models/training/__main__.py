"""`python -m training STEP [NAMES]`, from the folder `models`; README.md beside this file explains each step."""

import argparse

import torch

from . import (
    cohort,
    ct100,
    fixture,
    lesions,
    measure,
    others,
    parity,
    phantom_figure,
    prepare,
    results,
    rim_figures,
    runs,
    shares,
    store,
    teach,
    train,
    twins,
)
from .specs import SPECS

#: Batches that rounding to 4 bits is optimised on.
CALIBRATION = 3
#: Threads that wait for each other stand still on a busy machine; two runs of one thread each
#: don't.
THREADS = 1


def pack(names: list[str]) -> None:
    """Packs the named networks' last finished runs, or all that have been trained since they were packed."""
    for run in runs.finished_runs():
        if run.member not in names if names else runs.is_packed(run):
            continue
        source = train.batches(run)
        batches = [source.batch(8, torch.Generator().manual_seed(i), run.spec.size)[0] for i in range(CALIBRATION)]
        entry = store.pack_network(train.averaged_model(run), run.spec, torch.cat(batches))
        print(run.member, sum(p["bytes"] for p in entry["parts"]), flush=True)


def publish(names: list[str]) -> None:
    """Publishes the named packed networks, or all that ship, into `models/`."""
    for spec in SPECS.values():
        if store.key(spec) and (spec.name in names if names else spec.ships):
            store.publish(spec)


def statistics() -> None:
    """Prints mean and deviation of the training slices' HU, for normalisation B."""
    print(*(f"{value:.1f}" for value in lesions.statistics(SPECS["resnet21-0"])))


def main() -> None:
    """Runs one step, or all that make the weights and their figures."""
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    steps = {
        "prepare": lambda _: (prepare.main(), ct100.main(), others.main()),
        "teach": lambda _: teach.main(),
        "train": lambda names: runs.main(names, arguments.device),
        "pack": pack,
        "publish": publish,
        "cohort": lambda _: cohort.main(),
        "measure": lambda _: measure.main(),
        "ct100": lambda _: (ct100.measure(), ct100.measure_lungs()),
        "results": lambda _: results.main(),
        "components": lambda _: results.print_components(),
        "coarse": lambda _: rim_figures.coarse(),
        "rim": rim_figures.judge,
        "shares": shares.main,
        "twins": twins.main,
        "statistics": lambda _: statistics(),
        "figure": lambda _: phantom_figure.main(),
        "parity": lambda _: parity.main(),
        "fixture": lambda _: fixture.main(),
    }
    parser.add_argument("step", choices=[*steps, "all"])
    parser.add_argument("names", nargs="*", help="runs (train), networks (pack, publish)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda, for train")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    every = ["prepare", "train", "pack", "publish", "cohort", "measure", "results"]
    for step in every if arguments.step == "all" else [arguments.step]:
        steps[step](arguments.names)


if __name__ == "__main__":
    main()
