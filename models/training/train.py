"""Trains one network; resumes to the step, whatever ended the last run.

State is one file a run (`RUNS/NAME/state.pt`), written every `SAVE_EVERY` steps and on SIGTERM, and
`log.tsv` beside it. A batch depends on the seed and the step alone, so a resumed run goes on as the
unbroken one would, on another device too.
"""

import copy
import math
import os
import signal
import time

import torch

from . import store
from .lesions import LesionBatches
from .losses import LOSSES
from .lungs import LungBatches
from .network import build, start_from_imagenet, unfold_batch_norm
from .paths import run_folder
from .rim import RimBatches
from .specs import NAMED, SPECS, Run
from .wide import WideBatches

SAVE_EVERY = 50
#: Processors without it emulate bfloat16, several times slower than f32.
BFLOAT16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
AVERAGE = 0.99


def rate(run: Run, step: int) -> float:
    """Returns the learning rate: a cosine up to the peak in the first 15 % of the steps, then down to 0."""
    rise = 0.15 * run.steps
    if step < rise:
        return run.peak_rate * (0.04 + 0.96 * (1 - math.cos(math.pi * step / rise)) / 2)
    return run.peak_rate * (1 + math.cos(math.pi * (step - rise) / (run.steps - rise))) / 2


def batches(run: Run) -> LungBatches | RimBatches | LesionBatches | WideBatches:
    """Returns the run's batches."""
    if run.spec.name == "rim":
        return RimBatches(run.spec, run.held_out)
    if run.spec.family == "lungs":
        return LungBatches(run.spec, run.held_out, run.projections or run.spec.projections, run.fold)
    if run.wide:
        return WideBatches(run.spec, run.held_out, run.fold, run.taught)
    return LesionBatches(run.spec, run.held_out, run.fold, run.single_only)


def averaged_model(run: Run) -> torch.nn.Module:
    """Returns a run's moving average of the weights: what is evaluated and shipped."""
    model = build(run.spec.architecture)
    state = torch.load(run_folder(run.name) / "state.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(state["average"])
    return model.eval()


def is_finished(run: Run) -> bool:
    """Returns whether the run has made all its steps."""
    state = run_folder(run.name) / "state.pt"
    return state.exists() and torch.load(state, map_location="cpu", weights_only=True, mmap=True)["step"] >= run.steps


def train(run: Run, device: str = "cpu") -> None:
    """Trains to the end, or until SIGTERM."""
    folder = run_folder(run.name)
    torch.manual_seed(run.seed)
    source, loss_of = batches(run), LOSSES[run.loss]
    model = build(run.spec.architecture)
    if run.after:
        model.load_state_dict(averaged_model(NAMED[run.after]).state_dict())
    elif run.shipped:
        pictures, _ = source.batch(run.batch, torch.Generator().manual_seed(run.seed), run.spec.size)
        model = unfold_batch_norm(store.load(SPECS[run.shipped]), run.spec.architecture, pictures)
    else:
        start_from_imagenet(model)
    for name, weight in model.named_parameters():
        weight.requires_grad_(not name.startswith(run.frozen))
    model = model.to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(model.parameters(), run.peak_rate, weight_decay=run.weight_decay)
    state_file = folder / "state.pt"
    step = 0
    if state_file.exists():
        state = torch.load(state_file, map_location=device, weights_only=True)
        step = state["step"]
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])

    def save() -> None:
        parts = {"model": model, "average": average, "optimiser": optimiser}
        torch.save({"step": step} | {k: v.state_dict() for k, v in parts.items()}, folder / "state.new")
        os.replace(folder / "state.new", state_file)

    asked_to_stop = []
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.append(True))
    model.train()
    losses, started = [], time.monotonic()
    with (folder / "log.tsv").open("a") as log:
        while step < run.steps and not asked_to_stop:
            random = torch.Generator().manual_seed(run.seed * 1_000_003 + step)
            torch.manual_seed(run.seed * 1_000_003 + step)
            size = run.early_size if step < run.early_steps else run.spec.size
            inputs, truth = (t.to(device) for t in source.batch(run.batch, random, size))
            with torch.autocast(
                torch.device(device).type, torch.bfloat16, enabled=not run.exact and (device != "cpu" or BFLOAT16)
            ):
                logits = model(inputs.contiguous(memory_format=torch.channels_last))
            loss = loss_of([depth.float() for depth in logits] if isinstance(logits, list) else logits.float(), truth)
            if not loss.isfinite():
                raise FloatingPointError(f"{run.name}: the loss is {loss.item()} at step {step}")
            for group in optimiser.param_groups:
                group["lr"] = rate(run, step)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            step += 1
            # Short runs must forget their start sooner than the average's own length.
            keep = min(AVERAGE, step / (step + 10))
            with torch.no_grad():
                for own, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
                    own.lerp_(now, 1 - keep) if own.is_floating_point() else own.copy_(now)
            losses.append(loss.item())
            if step % 10 == 0:
                pace = run.batch * len(losses) / (time.monotonic() - started)
                print(step, f"{sum(losses) / len(losses):.4f}", f"{pace:.1f}/s", sep="\t", file=log, flush=True)
                losses, started = [], time.monotonic()
            if step % SAVE_EVERY == 0:
                save()
    save()
    if asked_to_stop:
        raise SystemExit(143)
