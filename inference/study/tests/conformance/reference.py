"""Writes reference.json: what pydicom makes of the first picture of every file of the shared data.

The Rust test compares with it and so needs neither Python nor another decoder. Only hashes and header facts are kept.

    python3 -m venv venv
    venv/bin/pip install pydicom pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle python-gdcm pyjpegls zstandard
    venv/bin/python reference.py ../../../../../shared/data

A picture's hash is the SHA-256 of its values as little-endian 32-bit integers, row by row. Where the values have bits
beside the stored ones, those are cut off first, as PS3.5 8.1.1 has it. For lossy JPEG, whose standard leaves the last
level to the decoder, GDCM is asked, whose transform ours follows.
"""

import hashlib
import importlib.metadata
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom
import zstandard
from pydicom.pixels import get_decoder

FOLDERS = ["conformance", "dicom"]
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
PACKAGES = ["pydicom", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "python-gdcm", "pyjpegls"]


def digest(values):
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<i4").tobytes()).hexdigest()


def first_picture(dataset):
    """Values of the first frame, with their sign, and the plugin that decoded it."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        values = dataset.pixel_array
        values, plugin = (values[0] if values.ndim == 3 else values), "pydicom"
    else:
        plugins = ["gdcm", "pylibjpeg"] if syntax == JPEG_EXTENDED else [""]
        for plugin in plugins:
            try:
                values, _ = get_decoder(syntax).as_array(dataset, index=0, decoding_plugin=plugin)
                break
            except Exception as error:
                failure = error
        else:
            raise failure
        plugin = plugin or "pydicom's choice"
    values, stored = values.astype(np.int64), dataset.BitsStored
    if not syntax.is_encapsulated:
        values = (values >> (dataset.HighBit + 1 - stored)) & ((1 << stored) - 1)
        if dataset.PixelRepresentation == 1:
            values -= (values >> (stored - 1)) << stored
    return values, plugin


def entry(path):
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompress(path.read_bytes(), max_output_size=1 << 26)
        dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data), force=True)
    else:
        dataset = pydicom.dcmread(path, force=True)
    if "PixelData" not in dataset:
        return {"picture": "none"}
    found = {
        "syntax": str(dataset.file_meta.get("TransferSyntaxUID", "")),
        "modality": str(dataset.get("Modality", "")),
        "samples": int(dataset.get("SamplesPerPixel", 1)),
        "allocated": int(dataset.get("BitsAllocated", 0)),
    }
    if found["samples"] != 1 or found["allocated"] != 16:
        return found | {"picture": "not 16 bits of grey"}
    try:
        values, plugin = first_picture(dataset)
    except Exception as error:
        return found | {"picture": f"not decoded: {type(error).__name__}"}
    return found | {"picture": "decoded", "by": plugin, "sha256": digest(values)}


def main():
    warnings.simplefilter("ignore")
    root = Path(sys.argv[1])
    files = {}
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        if path.suffix in {".RAW", ".j2c", ".json"}:
            continue
        try:
            files[name] = entry(path)
        except Exception as error:
            files[name] = {"picture": f"not read: {type(error).__name__}"}
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in files.items())
    text = f'{{"versions": {json.dumps(versions)},\n"files": {{\n{lines}\n}}}}\n'
    (Path(__file__).parent / "reference.json").write_text(text)


if __name__ == "__main__":
    main()
