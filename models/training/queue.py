"""The trainings of `families/*.toml`, in order; every one goes on where it was left, and none is done twice."""

from . import store, train
from .paths import PACKED, run_folder
from .specs import NAMED, RUNS, Run


def finished() -> list[Run]:
    """Of each network the last finished run."""
    return list({run.member: run for run in RUNS.values() if run.member and train.finished(run)}.values())


def packed(run: Run) -> bool:
    """Whether its network was packed since the run finished."""
    entry = store.entry_of(run.spec, PACKED)
    if not entry:
        return False
    file = PACKED / "weights" / entry["parts"][0]["file"]
    return file.stat().st_mtime > (run_folder(run.name) / "state.pt").stat().st_mtime


def known() -> list[Run]:
    """Of each network that is packed or shipped its last finished run; the last one there is where its runs are gone."""
    last = {run.member: run for run in RUNS.values() if run.member and store.key(run.spec)}
    return list((last | {run.member: run for run in finished() if run.member in last}).values())


def main(names: list[str], device: str) -> None:
    """Trains the named runs in the order given, or all; and first what they start from."""

    def ready(run: Run) -> None:
        if train.finished(run):
            return
        if run.after:
            ready(NAMED[run.after])
        print("training", run.name, flush=True)
        train.train(run, device)

    for name in names or NAMED:
        ready(NAMED[name])
