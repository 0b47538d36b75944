"""`python -m training STEP [NAMES]`, from the folder `models`; README.md beside this file tells what each step does."""

import argparse

import torch

from . import cohort, lesions, parity, pictures, portrait, predictions, prepare, queue, results, store, train
from .specs import SPECS

#: Batches of training pictures that rounding to 4 bits is optimised on.
CALIBRATION = 3
#: Threads that wait for each other stand still on a busy machine; two queues of one thread each don't.
THREADS = 1


def pack(names: list[str]) -> None:
    """Packs the named networks' last finished runs, or all that have been trained since they were packed."""
    for run in queue.finished():
        if run.member not in names if names else queue.packed(run):
            continue
        source = train.batches(run)
        pictures = [source.batch(8, torch.Generator().manual_seed(i), run.spec.size)[0] for i in range(CALIBRATION)]
        entry = store.put(train.averaged(run), run.spec, torch.cat(pictures))
        print(run.member, sum(p["bytes"] for p in entry["parts"]), flush=True)


def publish(names: list[str]) -> None:
    """The named packed networks, or all that ship, into `models/`."""
    for spec in SPECS.values():
        if store.key(spec) and (spec.name in names if names else spec.ships):
            store.publish(spec)


def greys(_: list[str]) -> None:
    """Mean and deviation of the training pictures' HU, for normalisation B."""
    print(*(f"{value:.1f}" for value in lesions.statistics(SPECS["resnet21-0"])))


def main() -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    steps = {
        "prepare": lambda _: (prepare.main(), pictures.main()),
        "greys": greys,
        "train": lambda names: queue.main(names, arguments.device),
        "pack": pack,
        "predict": predictions.main,
        "publish": publish,
        "results": lambda _: results.main(),
        "cohort": cohort.main,
        "portrait": lambda _: portrait.main(),
        "parity": lambda _: parity.main(),
    }
    parser.add_argument("step", choices=[*steps, "all"])
    parser.add_argument("names", nargs="*", help="runs (train), networks (pack, publish), volumes (predict, cohort)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda, for train")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    for step in ["prepare", "train", "pack", "predict", "publish", "results"] if arguments.step == "all" else [arguments.step]:
        steps[step](arguments.names)


if __name__ == "__main__":
    main()
