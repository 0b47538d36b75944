"""The networks and how each is trained, from `families/*.toml`: one file a family.

A family's file says what its networks are (`architecture`), what they see (`input`), how they are stored, who its
members are, and the runs that train them; `folds.json` says which patients and slices a run may not see.
"""

import json
import tomllib
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

HERE = Path(__file__).parent
#: In the order the manifest lists them.
FAMILIES = ("lungs", "fpn", "resnet21", "resnet18", "dpn")
#: How `[z, y, x]` turns into a projection's `[slice, row, column]`; each is its own inverse but the
#: sagittal one.
AXES = {"axial": (0, 1, 2), "coronal": (1, 0, 2), "sagittal": (2, 0, 1)}
BACK = {"axial": (0, 1, 2), "coronal": (1, 0, 2), "sagittal": (1, 2, 0)}
FOLDS = json.loads((HERE / "folds.json").read_text())


@dataclass(frozen=True)
class Spec:
    """One network; the fields are those of `inference/protocol`'s manifest, but for how it is stored."""

    name: str
    family: str
    #: The planes whose slices it sees.
    projections: tuple[str, ...]
    tier: str
    architecture: dict
    input: dict
    licence: str
    golden_stride: int
    threshold: float = 0.5
    #: Whether it goes into `models/`, or is only measured.
    ships: bool = True
    #: Asked before the others of its tier (RESULTS.md, section 7).
    first: bool = False
    #: Beginnings of the names of the convolutions stored in 4 bits; the others, and all depthwise
    #: ones, have 8.
    four: tuple[str, ...] = ()
    #: Values that share a scale in 4 bits.
    group: int = 64

    @property
    def size(self) -> int:
        """Rows and columns of its input."""
        return self.input["size"]

    @property
    def in_channels(self) -> int:
        """Channels of its input."""
        return self.architecture["in_channels"]

    @property
    def axial(self) -> bool:
        """Whether axial slices are all it sees."""
        return self.projections == ("axial",)

    @property
    def box_margin(self) -> float:
        """How much wider than the lungs its box is at each side, in sides."""
        return self.input["box_margin"]


@dataclass(frozen=True)
class Run:
    """One training: of what, for how long, from where, and who is kept apart."""

    name: str
    spec: Spec
    steps: int
    batch: int
    peak_rate: float
    weight_decay: float
    loss: str
    #: The network whose weights these become; `None` for a run that only others start from.
    member: str | None = None
    #: Another run whose weights to start from; otherwise ImageNet's, where there are any.
    after: str | None = None
    #: A shipped network to start from, where the run that made it is gone: runs stay where they
    #: were made.
    shipped: str | None = None
    #: The first steps may see smaller pictures: most of what they learn carries over, in 0.6 times
    #: the time.
    early_steps: int = 0
    early_size: int = 0
    #: The fold of `folds.json` this run is validated on: its patients and its slices of `ct100` are
    #: kept apart, of a lung network's those of `lung-slices`.
    fold: int | None = None
    #: Whether a lung network sees scans from neck to abdomen; and of which part of `folds.json`'s
    #: this run sees nothing, whatever its family.
    trunks: bool = False
    trunks_apart: int | None = None
    seed: int = 20
    #: Where it sees fewer of them than its network shall.
    projections: tuple[str, ...] = ()
    #: Beginnings of the names of the weights that stay as they were: a short further training
    #: leaves what sees edges alone.
    frozen: tuple[str, ...] = ()
    #: Whether it sees slices of `ct100` and nothing else.
    single_only: bool = False
    #: Whether a lesion network sees more than outlined lesions (`wide.py`), and whether the
    #: ensemble teaches it. `trunks_apart` keeps some negatives apart.
    wide: bool = False
    taught: bool = False
    #: In f32 whatever the processor knows.
    exact: bool = False

    @property
    def origin(self) -> "Run | None":
        """The run it starts from: that named, or of the shipped network named the last one before this."""
        if self.after:
            return NAMED[self.after]
        before = takewhile(lambda run: run.name != self.name, RUNS.values())
        return next((run for run in reversed(list(before)) if self.shipped and run.member == self.shipped), None)

    @property
    def unseen(self) -> set[str]:
        """Patients that neither this run nor one it started from was shown."""
        return self.held_out & self.origin.unseen if self.origin else self.held_out

    @property
    def held_out(self) -> set[str]:
        """Patients this run never sees."""
        apart = set(FOLDS["held_out"]["lungs" if self.spec.family == "lungs" else "lesions"])
        if self.fold is not None:
            apart |= set(FOLDS["folds"][self.fold])
        for part, patients in enumerate(FOLDS["trunks"]):
            if not (self.trunks or self.wide) or part == self.trunks_apart:
                apart |= set(patients)
        return apart


def _family(name: str) -> tuple[list[Spec], list[Run]]:
    config = tomllib.loads((HERE / "families" / f"{name}.toml").read_text())
    shared = {k: config[k] for k in ("architecture", "input", "licence", "golden_stride")}
    stored = {"four": config.get("four", [])}
    specs = []
    for member in config["member"]:
        fields = {"projections": ["axial"]} | shared | stored | member
        fields["input"] = shared["input"] | member.get("input", {})
        lists = {key: tuple(fields[key]) for key in ("projections", "four")}
        specs.append(Spec(family=name, **fields | lists))
    by_name = {spec.name: spec for spec in specs}
    runs = [
        Run(
            spec=by_name.get(run.pop("like", run.get("member")), specs[0]),
            **config["training"] | run | {"frozen": tuple(run.get("frozen", []))},
        )
        for run in config.get("run", [])
    ]
    return specs, runs


def _protocol() -> tuple[dict[str, list[Run]], dict[str, list[Run]], list[Run]]:
    config = tomllib.loads((HERE / "ct100.toml").read_text())
    alone, added, every = {}, {}, []
    for network in config["network"]:
        fields = config["training"] | network
        family, stages = fields.pop("family"), fields.pop("volumes", [])
        first = next(s for s in SPECS.values() if s.family == family)
        architecture = fields.pop("architecture", first.architecture)
        seen = first.input | {"size": fields.pop("size")}
        spec = replace(
            first, name=fields.pop("name"), architecture=architecture, input=seen, ships=False, threshold=0.5
        )
        runs = [
            Run(f"ct100-{spec.name}-{f}", spec, fold=f, single_only=True, **fields) for f in range(len(FOLDS["folds"]))
        ]
        alone[spec.name] = runs
        every += runs
        for nth, stage in enumerate(stages, 1):
            names = (f"volumes-{spec.name}-{run.fold}" + (f"-{nth}" if nth > 1 else "") for run in runs)
            runs = [
                Run(name, spec, fold=run.fold, after=run.name, **fields | stage)
                for name, run in zip(names, runs, strict=True)
            ]
            added[spec.name] = runs
            every += runs
    return alone, added, every


SPECS: dict[str, Spec] = {}
RUNS: dict[str, Run] = {}
for _specs, _runs in map(_family, FAMILIES):
    SPECS |= {spec.name: spec for spec in _specs}
    RUNS |= {run.name: run for run in _runs}
#: The page's tiers; each asks the networks of those before it, too.
TIERS = ("quick", "standard", "full")
#: All networks in the order in which they are asked, which is the manifest's.
ASKED = sorted(SPECS, key=lambda name: (TIERS.index(SPECS[name].tier), not SPECS[name].first))
#: The lungs' run that keeps single slices apart, and makes nothing that is shipped.
LUNGS_APART = "lungs-apart"
#: Of every network of `ct100.toml` its runs from scratch, one a fold, and of those that no family
#: has, the last of the runs that go on from them with the volumes; not among `RUNS`, which make
#: what is shipped.
PROTOCOL, ADDED, _every = _protocol()
#: Every run there is.
NAMED = RUNS | {run.name: run for run in _every}


def fold_members(family: str) -> dict[int, str]:
    """Returns a family's axial members that keep a fold's patients apart, by the fold's number."""
    ours = [run for run in RUNS.values() if run.member and run.spec.family == family and run.spec.axial]
    return {run.fold: run.member for run in ours if run.fold is not None}
