"""Measures the cohorts by the product: every figure of the pipeline comes from what `corsai` writes here.

`EVALUATIONS/COHORT-TIER` is the output of `corsai evaluate`, `EVALUATIONS/probabilities/NAME` that
of `corsai analyse --probabilities --masks` in the full tier, and `EVALUATIONS/stopped/NAME.json`
the report of a full tier with early stop. What is there already isn't measured again: another
program or other weights need an empty folder.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .paths import COHORTS, CORSAI, DATA, EVALUATIONS

#: A cohort and the tiers in which it is evaluated, the most telling first.
EVALUATED = (
    ("trunks", "cohort.csv", "standard", ()),
    ("volumes", "cohort.csv", "standard", ()),
    ("volumes", "held-out.csv", "full", ()),
    ("volumes", "held-out.csv", "quick", ()),
    ("unmasked", "cohort.csv", "standard", ()),
    ("volumes", "held-out.csv", "full", ("--vote", "paper")),
)
#: DICOM series whose probabilities are kept: a healthy patient, and one whose slices a reader
#: labelled.
SERIES = ("normal-001", "covid-P001")


@dataclass(frozen=True)
class Measured:
    """One study as `corsai analyse` measured it in the full tier."""

    name: str

    @property
    def folder(self) -> Path:
        """Where its masks and probabilities are."""
        return EVALUATIONS / "probabilities" / self.name

    @property
    def report(self) -> Path:
        """Written when everything else is: the study is done."""
        return self.folder / "report.json"


def evaluation_folder(cohort: str, file: str, tier: str, options: tuple[str, ...] = ()) -> Path:
    """Returns where an evaluation's results are."""
    name = cohort if file == "cohort.csv" else Path(file).stem
    return EVALUATIONS / "-".join((name, tier, *(option.strip("-") for option in options)))


def study(name: str) -> Path:
    """Returns the file or folder of a study."""
    return DATA / "dicom" / name if name in SERIES else COHORTS / "volumes" / f"{name}.nii.gz"


def corsai(*arguments: str | Path) -> None:
    """Runs the command line tool; a study that it refuses is in its report."""
    print("corsai", *arguments, flush=True)
    status = subprocess.run([CORSAI, *map(str, arguments)], check=False).returncode
    if status not in (0, 2):
        raise SystemExit(status)


def keep_probabilities(name: str) -> None:
    """Measures a study in the full tier, and keeps its masks and every network's probabilities."""
    measured = Measured(name)
    if measured.report.exists():
        return
    measured.folder.mkdir(parents=True, exist_ok=True)
    part = measured.folder / "part.json"
    to = ("--probabilities", measured.folder, "--masks", measured.folder, "--json", part)
    corsai("analyse", study(name), "--tier", "full", "--device", "cpu", *to)
    part.rename(measured.report)


def keep_stopped(name: str) -> None:
    """Measures a study in the full tier with early stop, and keeps its report."""
    report = EVALUATIONS / "stopped" / f"{name}.json"
    if report.exists():
        return
    report.parent.mkdir(parents=True, exist_ok=True)
    part = report.with_suffix(".part")
    corsai("analyse", study(name), "--tier", "full", "--device", "cpu", "--json", part)
    part.rename(report)


def evaluate(cohort: str, file: str, tier: str, options: tuple[str, ...]) -> None:
    """Evaluates a cohort; `corsai` itself goes on where it was stopped."""
    out = evaluation_folder(cohort, file, tier, options)
    corsai(
        "evaluate", COHORTS / cohort / file, "--out", out, "--tier", tier, "--device", "cpu", "--jobs", "1", *options
    )


def names(file: str) -> list[str]:
    """Returns the names of a list of volumes."""
    lines = (COHORTS / "volumes" / file).read_text().splitlines()[1:]
    return [line.split(",")[0].removesuffix(".nii.gz") for line in lines]


def main() -> None:
    """Measures everything that isn't measured yet."""
    held_out = names("held-out.csv")
    for name in dict.fromkeys([*held_out, *names("cohort.csv"), *SERIES]):
        keep_probabilities(name)
    for arguments in EVALUATED:
        evaluate(*arguments)
    for name in (*held_out, *SERIES):
        keep_stopped(name)


def report(file: Path) -> dict | None:
    """Returns a report of `corsai`; `None` where it isn't there yet."""
    return json.loads(file.read_text()) if file.exists() else None
