"""The runs of `families/*.toml`, in order; every one resumes where it was stopped, and none is done twice."""

from . import rim_figures, store, teach, train
from .paths import PACKED, run_folder
from .specs import NAMED, RUNS, Run


def finished_runs() -> list[Run]:
    """Returns of each network the last finished run."""
    return list({run.member: run for run in RUNS.values() if run.member and train.is_finished(run)}.values())


def is_packed(run: Run) -> bool:
    """Returns whether its network was packed since the run finished."""
    entry = store.entry_of(run.spec, PACKED)
    if not entry:
        return False
    file = PACKED / "weights" / entry["parts"][0]["file"]
    return file.stat().st_mtime > (run_folder(run.name) / "state.pt").stat().st_mtime


def main(names: list[str], device: str) -> None:
    """Trains the named runs in the order given, or all; and first what they start from and learn from."""

    def ready(run: Run) -> None:
        if train.is_finished(run):
            return
        if run.after:
            ready(NAMED[run.after])
        if run.taught:
            teach.main()
        if run.spec.name == "rim":
            for apart in rim_figures.APART:
                ready(NAMED[apart])
            rim_figures.coarse()
        print("training", run.name, flush=True)
        train.train(run, device)

    for name in names or NAMED:
        ready(NAMED[name])
