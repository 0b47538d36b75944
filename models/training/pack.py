"""Writes and reads `CORSAIW1` files (`inference/networks/src/weights.rs` describes them)."""

import json
import struct

import numpy as np
import torch
from torch import nn

from . import quantize
from .network import build, fold_batch_norm
from .specs import Spec

MAGIC = b"CORSAIW1"


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


def load_packed(spec: Spec, file: bytes) -> nn.Module:
    """The network a weights file holds, ready to evaluate."""
    model = fold_batch_norm(build(spec.architecture))
    model.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in decode(file).items()})
    return model
