"""`python -m training STEP [NAMES]`, from the folder `models`; README.md beside this file tells what each step does."""

import argparse

import torch

from . import lesions, pack, parity, predictions, prepare, queue, results, train
from .specs import SPECS

#: Batches of training pictures that rounding to 4 bits is optimised on.
CALIBRATION = 3
#: Threads that wait for each other stand still on a busy machine; two queues of one thread each don't.
THREADS = 1


def publish(names: list[str]) -> None:
    """Packs the named networks' last finished runs, or all networks', into `models/`."""
    for run in queue.shipped():
        if names and run.member not in names:
            continue
        source = train.batches(run)
        pictures = [source.batch(8, torch.Generator().manual_seed(i), run.spec.size)[0] for i in range(CALIBRATION)]
        entry = pack.publish(train.averaged(run), run.spec, torch.cat(pictures))
        print(run.member, sum(p["bytes"] for p in entry["parts"]), flush=True)


def greys(_: list[str]) -> None:
    """Mean and deviation of the training pictures' HU, for normalisation B."""
    print(*(f"{value:.1f}" for value in lesions.statistics(SPECS["resnet21-0"])))


def main() -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    steps = {
        "prepare": lambda _: prepare.main(),
        "greys": greys,
        "train": lambda names: queue.main(names, arguments.device),
        "publish": publish,
        "predict": predictions.main,
        "results": lambda _: results.main(),
        "parity": lambda names: parity.main(*names),
    }
    parser.add_argument("step", choices=[*steps, "all"])
    parser.add_argument("names", nargs="*", help="runs (train), networks (publish), volumes (predict), a folder (parity)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda, for train")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    for step in ["prepare", "train", "publish", "predict", "results"] if arguments.step == "all" else [arguments.step]:
        steps[step](arguments.names)


if __name__ == "__main__":
    main()
