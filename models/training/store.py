"""Packed networks in a folder: `weights/`, `golden/` and a `manifest.json` that lists them.

There are two such folders. `PACKED`, beside the runs, has every network that is trained there; a
`corsai` that is built with `CORSAI_MODELS=PACKED` measures them. `models/` in the repository has
those that are shipped.
"""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .constants import FORMAT
from .network import fold_batch_norm
from .pack import encode, load_packed
from .paths import MODELS, PACKED
from .rounding import quantize_model
from .specs import ASKED, Spec

PART_BYTES = 16 << 20


def read(root: Path) -> dict:
    """Returns the folder's manifest; an empty one where there is none."""
    path = root / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {"format": FORMAT, "networks": []}


def write(root: Path, manifest: dict) -> None:
    """Writes the folder's manifest."""
    (root / "manifest.json").write_text(json.dumps(manifest | {"format": FORMAT}, indent=2) + "\n")


def entry_of(spec: Spec, root: Path) -> dict | None:
    """Returns the network's entry in the folder's manifest; `None` where it isn't there."""
    return next((e for e in read(root)["networks"] if e["name"] == spec.name), None)


def root_of(spec: Spec) -> Path:
    """Returns the folder of its newest packed weights: what is shipped outlives the runs that made it."""
    return PACKED if entry_of(spec, PACKED) else MODELS


def key(spec: Spec) -> str:
    """Returns what names the packed weights; empty where there are none."""
    entry = entry_of(spec, root_of(spec))
    return "+".join(p["sha256"][:12] for p in entry["parts"]) if entry else ""


def load(spec: Spec) -> nn.Module:
    """Returns the network as it is packed."""
    root = root_of(spec)
    entry = entry_of(spec, root)
    return load_packed(spec, b"".join((root / "weights" / p["file"]).read_bytes() for p in entry["parts"]))


def golden_input(channels: int, size: int) -> np.ndarray:
    """Returns the known input of `inference/networks/src/golden.rs`, `[channels, size, size]` f32."""
    count = np.arange(channels * size * size, dtype=np.uint32)
    hashed = (count * np.uint32(2_654_435_761)) >> np.uint32(8)
    noise = hashed.astype(np.float32) / np.float32(1 << 24) - np.float32(0.5)
    y, x = (np.arange(size)[:, None] + 0.5 - size / 2) / (0.4 * size), (np.arange(size) + 0.5 - size / 2) / (0.3 * size)
    base = np.where(x * x + y * y < 1.0, np.float32(-0.4), np.float32(0.05))
    return base[None] + np.float32(0.1) * noise.reshape(channels, size, size)


def digest(content: bytes) -> str:
    """Returns the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def set_entry(entry: dict, root: Path) -> None:
    """Puts an entry into the folder's manifest, in the place of an older one."""
    manifest = read(root)
    entries = {e["name"]: e for e in manifest["networks"]} | {entry["name"]: entry}
    manifest["networks"] = [entries[name] for name in ASKED if name in entries]
    write(root, manifest)


def entry_fields(spec: Spec) -> dict:
    """Returns the part of an entry that doesn't depend on the weights."""
    return {
        "name": spec.name,
        "family": spec.family,
        "projections": list(spec.projections),
        "tier": spec.tier,
        "architecture": spec.architecture,
        "input": spec.input,
        "threshold": spec.threshold,
    }


@torch.no_grad()
def pack_network(model: nn.Module, spec: Spec, pictures: torch.Tensor, root: Path = PACKED) -> dict:
    """Packs a trained network into `root`; returns its entry.

    `pictures` are inputs of the network, by which its rounding is optimised.
    """
    model = fold_batch_norm(model)
    file = encode(quantize_model(model, spec, pictures))
    known = torch.from_numpy(golden_input(spec.in_channels, spec.size))[None]
    network = load_packed(spec, file)
    if not torch.equal(network(known), model(known)):
        raise ValueError(f"{spec.name}: the file holds other weights than were rounded")
    for folder in ("weights", "golden"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    clear(spec, root)
    parts = []
    for start in range(0, len(file), PART_BYTES):
        content = file[start : start + PART_BYTES]
        # Named by content: a cache can't serve yesterday's weights under today's name.
        part = {"file": f"{spec.name}.{digest(content)[:12]}.bin", "sha256": digest(content), "bytes": len(content)}
        (root / "weights" / part["file"]).write_bytes(content)
        parts.append(part)
    entry = entry_fields(spec) | {"parts": parts, "golden": store_golden(network, spec, root), "licence": spec.licence}
    set_entry(entry, root)
    return entry


@torch.no_grad()
def store_golden(model: nn.Module, spec: Spec, root: Path) -> dict:
    """Stores the network's answer to the known input; returns the golden's entry."""
    logits = model(torch.from_numpy(golden_input(spec.in_channels, spec.size))[None])
    golden = logits[0, :, :: spec.golden_stride, :: spec.golden_stride].numpy().astype("<f4").tobytes()
    (root / "golden" / f"{spec.name}.bin").write_bytes(golden)
    return {"file": f"{spec.name}.bin", "sha256": digest(golden), "stride": spec.golden_stride}


def clear(spec: Spec, root: Path) -> None:
    """Removes older weights of the network."""
    for old in (root / "weights").glob(f"{spec.name}.*.bin"):
        old.unlink()


def publish(spec: Spec) -> None:
    """Copies a packed network into `models/`; what its family's file says now is what its entry says."""
    entry, was = entry_of(spec, root_of(spec)), entry_of(spec, MODELS) or {}
    if root_of(spec) == PACKED:
        clear(spec, MODELS)
        for part in entry["parts"]:
            shutil.copy(PACKED / "weights" / part["file"], MODELS / "weights")
        shutil.copy(PACKED / "golden" / entry["golden"]["file"], MODELS / "golden")
    kept = {"dice": was["dice"]} if was.get("parts") == entry["parts"] and "dice" in was else {}
    set_entry(
        entry_fields(spec) | {k: entry[k] for k in ("parts", "golden")} | {"licence": spec.licence} | kept, MODELS
    )
