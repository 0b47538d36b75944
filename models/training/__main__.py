"""`python -m training STEP [NAMES]`, from the folder `models`; README.md beside this file tells what each step does."""

import argparse
import json

import torch

from . import evaluate, pack, prepare, queue, train
from .specs import SPECS

#: Batches of training pictures that rounding to 4 bits is optimised on.
CALIBRATION = 3


def publish(names: list[str]) -> None:
    """Packs the named networks' last finished runs, or all networks', into `models/`."""
    for run in queue.shipped():
        if names and run.spec.name not in names:
            continue
        source = train.batches(run)
        pictures = [source.batch(8, torch.Generator().manual_seed(i), run.spec.size)[0] for i in range(CALIBRATION)]
        model = train.averaged(run.name, run.spec)
        entry = pack.publish(model, run.spec, torch.cat(pictures), queue.THRESHOLDS.get(run.spec.name, 0.5))
        print(run.spec.name, sum(p["bytes"] for p in entry["parts"]), flush=True)


def figures(names: list[str]) -> None:
    """The shipped networks on whole volumes: those named, or of the patients kept apart."""
    lungs = {p: pack.shipped(SPECS[f"lungs-{p}"]) for p in evaluate.PROJECTIONS}
    report = evaluate.main(names or queue.HELD_OUT_VOLUMES, lungs, [pack.shipped(SPECS["fpn-0"])], evaluate.THRESHOLDS)
    if not names:
        enter(report)


def enter(report: dict) -> None:
    """Dice on the volumes kept apart, into the manifest; what the lung networks saw in training stays out."""

    def dice(entry: dict) -> dict[str, float]:
        if entry["family"] == "lungs":
            unseen = [v for v in report["lungs"] if v not in queue.SEEN_BY_LUNGS]
            return {v: round(report["lungs"][v]["both"], 3) for v in unseen}
        rows = {v: {r["threshold"]: r["dice"] for r in report["lesions"][v]} for v in report["lesions"]}
        return {v: round(by[entry["threshold"]], 3) for v, by in rows.items()}

    path = pack.MODELS / "manifest.json"
    manifest = json.loads(path.read_text())
    for entry in manifest["networks"]:
        entry["dice"] = dice(entry)
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    parser.add_argument("step", choices=["prepare", "train", "publish", "evaluate", "all"])
    parser.add_argument("names", nargs="*", help="runs (train), networks (publish) or volumes (evaluate); none: all")
    arguments = parser.parse_args()
    torch.set_num_threads(queue.THREADS)
    steps = {"prepare": lambda _: prepare.main(), "train": queue.main, "publish": publish, "evaluate": figures}
    for step in steps if arguments.step == "all" else [arguments.step]:
        steps[step](arguments.names)


if __name__ == "__main__":
    main()
