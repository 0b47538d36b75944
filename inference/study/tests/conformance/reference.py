"""Writes reference.json: what pydicom makes of the first picture of every file of the shared data.

The Rust test compares with it and so needs neither Python nor another decoder. Only hashes and header facts are kept.

    python3 -m venv venv
    venv/bin/pip install pydicom pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle python-gdcm pyjpegls
    venv/bin/python reference.py $CORSAI_DATA

A picture's hash is the SHA-256 of its values as little-endian 32-bit integers, row by row. Where the values have bits
beside the stored ones, those are cut off first, as PS3.5 8.1.1 has it. For JPEG Extended, whose standard leaves the
last level to the decoder, GDCM is asked, whose transform ours follows.
"""

import hashlib
import importlib.metadata
import json
import sys
import warnings
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from pydicom.pixels import get_decoder

FOLDERS = ["conformance", "dicom"]
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
PACKAGES = ["pydicom", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "python-gdcm", "pyjpegls"]


def digest(values):
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<i4").tobytes()).hexdigest()


def first_picture(path, dataset):
    """Values of the first frame, with their sign, and who decoded it."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax == JPEG_EXTENDED:
        return by_gdcm(path, dataset.Rows, dataset.Columns), "GDCM"
    if syntax.is_encapsulated:
        values, _ = get_decoder(syntax).as_array(dataset, index=0)
    else:
        values = dataset.pixel_array
        values = values[0] if values.ndim == 3 else values
    values, stored = values.astype(np.int64), dataset.BitsStored
    if not syntax.is_encapsulated:
        values = (values >> (dataset.HighBit + 1 - stored)) & ((1 << stored) - 1)
        if dataset.PixelRepresentation == 1:
            values -= (values >> (stored - 1)) << stored
    return values, "pydicom"


def by_gdcm(path, rows, columns):
    """pydicom keeps GDCM from 12 bits, which it reads all the same."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError
    words = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(words, "<u2")[: rows * columns]


def entry(path):
    dataset = pydicom.dcmread(path, force=True)
    if "PixelData" not in dataset:
        return {"picture": "none"}
    found = {"syntax": str(dataset.file_meta.get("TransferSyntaxUID", ""))}
    if dataset.get("SamplesPerPixel", 1) != 1 or dataset.get("BitsAllocated", 0) != 16:
        return found | {"picture": "not 16 bits of grey"}
    try:
        values, plugin = first_picture(path, dataset)
    except Exception as error:  # noqa: BLE001 (an outcome: any error of any decoder)
        return found | {"picture": f"not decoded: {type(error).__name__}"}
    return found | {"picture": "decoded", "by": plugin, "sha256": digest(values)}


def main():
    warnings.simplefilter("ignore")
    root = Path(sys.argv[1])
    files = {}
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        if path.suffix in {".RAW", ".j2c", ".json", ".zst"}:
            continue
        try:
            files[name] = entry(path)
        except Exception as error:  # noqa: BLE001 (an outcome: any error of any decoder)
            files[name] = {"picture": f"not read: {type(error).__name__}"}
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in files.items())
    text = f'{{"versions": {json.dumps(versions)},\n"files": {{\n{lines}\n}}}}\n'
    (Path(__file__).parent / "reference.json").write_text(text)


if __name__ == "__main__":
    main()
