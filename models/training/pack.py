"""Writes `CORSAIW1` files (`inference/networks/src/pack.rs` describes them), goldens and the manifest."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import quantize
from .network import build, folded
from .paths import MODELS
from .rounding import rounded
from .specs import SPECS, Spec

MAGIC = b"CORSAIW1"
PART_BYTES = 16 << 20
#: Of the manifest.
FORMAT = 2


def encode(tensors: dict[str, quantize.Quantized | np.ndarray]) -> bytes:
    """The bytes of one weights file."""
    records, data = [], bytearray()

    def put(array: np.ndarray) -> int:
        at = len(data)
        data.extend(array.tobytes())
        return at

    for name, tensor in tensors.items():
        record = {"name": name, "shape": list(tensor.shape)}
        if isinstance(tensor, np.ndarray):
            stored = tensor.astype("<f4")
            record |= {"bits": 32, "data": put(stored), "bytes": stored.nbytes}
        elif tensor.bits == 8:
            record |= {"bits": 8, "scale": put(tensor.scales.astype("<f4"))}
            record |= {"data": put(tensor.integers), "bytes": tensor.integers.nbytes}
        else:
            record |= {"bits": 4, "group": tensor.group, "scale": put(tensor.scales.astype("<f2"))}
            nibbles = (tensor.integers.astype(np.int16) + 8).astype(np.uint8)
            if nibbles.shape[1] % 2:
                nibbles = np.pad(nibbles, ((0, 0), (0, 1)))
            packed = nibbles[:, 0::2] | (nibbles[:, 1::2] << 4)
            record |= {"data": put(packed), "bytes": packed.nbytes}
        records.append(record)
    header = json.dumps({"tensors": records}, separators=(",", ":")).encode()
    head = MAGIC + struct.pack("<I", len(header)) + header
    return head + bytes(-len(head) % 16) + bytes(data)


def decode(file: bytes) -> dict[str, np.ndarray]:
    """The tensors of a weights file in f32: what the Rust reader sees."""
    if file[: len(MAGIC)] != MAGIC:
        raise ValueError("not a weights file")
    (length,) = struct.unpack_from("<I", file, len(MAGIC))
    start = len(MAGIC) + 4
    header = json.loads(file[start : start + length])
    start += length
    data = file[start + -start % 16 :]
    tensors = {}
    for record in header["tensors"]:
        shape, at, size = record["shape"], record["data"], record["bytes"]
        channels = shape[0]
        length = int(np.prod(shape)) // channels
        stored = data[at : at + size]
        if record["bits"] == 32:
            tensors[record["name"]] = np.frombuffer(stored, "<f4").reshape(shape)
            continue
        if record["bits"] == 8:
            group, scales = 0, np.frombuffer(data, "<f4", channels, record["scale"])
            integers = np.frombuffer(stored, np.int8).reshape(channels, length)
        else:
            group = record["group"]
            groups = -(-length // group)
            scales = np.frombuffer(data, "<f2", channels * groups, record["scale"]).reshape(channels, groups)
            packed = np.frombuffer(stored, np.uint8).reshape(channels, -1)
            integers = np.stack([packed & 15, packed >> 4], -1).reshape(channels, -1)[:, :length].astype(np.int8) - 8
        tensors[record["name"]] = quantize.dequantized(integers, scales, group).reshape(shape)
    return tensors


def unpacked(spec: Spec, file: bytes) -> nn.Module:
    """The network a weights file holds, ready to evaluate."""
    model = folded(build(spec.architecture))
    model.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in decode(file).items()})
    return model


def entry_of(spec: Spec) -> dict | None:
    """The network's entry in the manifest; `None` where it isn't shipped."""
    manifest = json.loads((MODELS / "manifest.json").read_text())
    return next((e for e in manifest["networks"] if e["name"] == spec.name), None)


def key(spec: Spec) -> str:
    """What names the shipped weights; empty where there are none."""
    entry = entry_of(spec)
    return "+".join(p["sha256"][:12] for p in entry["parts"]) if entry else ""


def shipped(spec: Spec) -> nn.Module:
    """The network as the manifest ships it."""
    entry = entry_of(spec)
    return unpacked(spec, b"".join((MODELS / "weights" / p["file"]).read_bytes() for p in entry["parts"]))


def golden_input(channels: int, size: int) -> np.ndarray:
    """The known input of `inference/networks/src/golden.rs`, `[channels, size, size]` f32."""
    count = np.arange(channels * size * size, dtype=np.uint32)
    hashed = (count * np.uint32(2_654_435_761)) >> np.uint32(8)
    noise = hashed.astype(np.float32) / np.float32(1 << 24) - np.float32(0.5)
    y, x = (np.arange(size)[:, None] + 0.5 - size / 2) / (0.4 * size), (np.arange(size) + 0.5 - size / 2) / (0.3 * size)
    base = np.where(x * x + y * y < 1.0, np.float32(-0.4), np.float32(0.05))
    return base[None] + np.float32(0.1) * noise.reshape(channels, size, size)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@torch.no_grad()
def publish(model: nn.Module, spec: Spec, pictures: torch.Tensor, root: Path = MODELS) -> dict:
    """Packs a trained network into `root` and enters it in the manifest there; returns its entry.

    `pictures` are inputs of the network's own kind, by which its rounding is optimised.
    """
    model = folded(model)
    file = encode(rounded(model, spec, pictures))
    known = torch.from_numpy(golden_input(spec.in_channels, spec.size))[None]
    logits = unpacked(spec, file)(known)
    if not torch.equal(logits, model(known)):
        raise ValueError(f"{spec.name}: the file holds other weights than were rounded")
    for folder in ("weights", "golden"):
        (root / folder).mkdir(exist_ok=True)
    for old in (root / "weights").glob(f"{spec.name}.*.bin"):
        old.unlink()
    parts = []
    for start in range(0, len(file), PART_BYTES):
        content = file[start : start + PART_BYTES]
        # Named by content: a cache can't serve yesterday's weights under today's name.
        part = {"file": f"{spec.name}.{digest(content)[:12]}.bin", "sha256": digest(content), "bytes": len(content)}
        (root / "weights" / part["file"]).write_bytes(content)
        parts.append(part)
    golden = logits[0, :, :: spec.golden_stride, :: spec.golden_stride].numpy().astype("<f4").tobytes()
    (root / "golden" / f"{spec.name}.bin").write_bytes(golden)
    entry = {
        "name": spec.name,
        "family": spec.family,
        "projection": spec.projection,
        "tier": spec.tier,
        "architecture": spec.architecture,
        "input": spec.input,
        "threshold": spec.threshold,
        "parts": parts,
        "golden": {"file": f"{spec.name}.bin", "sha256": digest(golden), "stride": spec.golden_stride},
        "licence": spec.licence,
    }
    path = root / "manifest.json"
    manifest = json.loads(path.read_text()) if path.exists() else {"format": FORMAT, "networks": []}
    entries = {e["name"]: e for e in manifest["networks"]} | {spec.name: entry}
    manifest["networks"] = [entries[name] for name in SPECS if name in entries]
    path.write_text(json.dumps(manifest, indent=2) + "\n")
    return entry
