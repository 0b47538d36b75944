"""Who is kept apart from whom."""

import re
from itertools import combinations
from pathlib import Path

from training import specs
from training.specs import FOLDS, RUNS, fold_members


def test_folds_share_no_patient() -> None:
    for one, other in combinations(FOLDS["folds"], 2):
        assert not set(one) & set(other)
    for one, other in combinations(FOLDS["trunks"], 2):
        assert not set(one) & set(other)
    apart = set(FOLDS["held_out"]["lesions"])
    assert set(FOLDS["held_out"]["lungs"]) <= apart
    assert not apart & {patient for fold in FOLDS["folds"] for patient in fold}


def test_every_lesion_run_keeps_the_held_out_patients_apart_whatever_it_starts_from() -> None:
    for run in RUNS.values():
        kind = "lungs" if run.spec.family == "lungs" else "lesions"
        assert set(FOLDS["held_out"][kind]) <= run.unseen, run.name


def test_a_folds_member_never_saw_its_fold() -> None:
    for family in ("fpn", "resnet21"):
        members = fold_members(family)
        assert sorted(members) == list(range(len(FOLDS["folds"])))
        last = {run.member: run for run in RUNS.values() if run.member}
        for fold, member in members.items():
            assert set(FOLDS["folds"][fold]) <= last[member].unseen


def test_every_name_in_a_family_is_known() -> None:
    for file in (Path(specs.HERE) / "families").glob("*.toml"):
        for named in re.findall(r'^(?:after|shipped) = "(.+)"$', file.read_text(), re.MULTILINE):
            assert named in specs.NAMED or named in specs.SPECS, (file.name, named)
