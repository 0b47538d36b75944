"""Writes one synthetic picture in every compression beside this file, and synthetic.json with what each should decode to.

    python3 -m venv venv
    venv/bin/pip install imagecodecs==2026.3.6
    venv/bin/python make.py

The encoders are others' (OpenJPEG, OpenJPH, libjxl, CharLS, libjpeg-turbo). Lossless streams must give the picture back:
the plain one `times` something `plus` something. Lossy ones are decoded by the same libraries (by OpenJPEG for both kinds
of JPEG 2000), which tells their `worst` error. Hashes are as in ../reference.py.
"""

import hashlib
import json
from pathlib import Path

import imagecodecs
import numpy as np

ROWS, COLUMNS = 37, 45
HERE = Path(__file__).parent


def picture():
    """12 bits: slopes, a disc's edge and something like noise."""
    row, column = np.mgrid[:ROWS, :COLUMNS].astype(np.int64)
    disc = ((row - 18) ** 2 + (column - 22) ** 2 < 150) * 1500
    return 400 + 9 * row + 23 * column + disc + (row * 7919 + column * 104729) % 53


def digest(values):
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<i4").tobytes()).hexdigest()


def main():
    plain = picture().astype(np.uint16)
    signed = (picture() - 2048).astype(np.int16)
    wide = (picture() * 16 + 5).astype(np.uint16)
    j2k = lambda data, **more: imagecodecs.jpeg2k_encode(data, codecformat="j2k", **more)
    lossless = {"level": 0, "reversible": True}
    jxl = imagecodecs.jpegxl_encode
    # Name: syntax below 1.2.840.10008.1.2.4, bits, the picture, its stream, and a decoder where it
    # is lossy.
    streams = {
        "lossless-12.jpg": ("70", 12, plain, imagecodecs.jpeg_encode(plain, lossless=True, bitspersample=12), None),
        "lossless-16.jpg": ("57", 16, wide, imagecodecs.jpeg_encode(wide, lossless=True, bitspersample=16, predictor=7), None),
        "extended.jpg": ("51", 12, plain, imagecodecs.jpeg_encode(plain, level=90, bitspersample=12), imagecodecs.jpeg_decode),
        "lossless.jls": ("80", 12, plain, imagecodecs.jpegls_encode(plain), None),
        "near.jls": ("81", 12, plain, imagecodecs.jpegls_encode(plain, level=3), imagecodecs.jpegls_decode),
        "lossless-12.j2k": ("90", 12, plain, j2k(plain, bitspersample=12, **lossless), None),
        "lossless-16.j2k": ("90", 16, wide, j2k(wide, **lossless), None),
        "signed.j2k": ("90", 16, signed, j2k(signed, **lossless), None),
        "lossy.j2k": ("91", 16, signed, j2k(signed, level=60, reversible=False), imagecodecs.jpeg2k_decode),
        "lossless.jhc": ("201", 16, plain, imagecodecs.htj2k_encode(plain, reversible=True), None),
        "signed.jhc": ("202", 16, signed, imagecodecs.htj2k_encode(signed, reversible=True), None),
        "tiled.jhc": ("201", 16, signed, imagecodecs.htj2k_encode(signed, reversible=True, tile=(32, 32)), None),
        "lossy.jhc": ("203", 16, plain, imagecodecs.htj2k_encode(plain, level=0.001, reversible=False), imagecodecs.jpeg2k_decode),
        "lossless-12.jxl": ("110", 12, plain, jxl(plain, lossless=True, bitspersample=12), None),
        "lossless-16.jxl": ("110", 16, wide, jxl(wide, lossless=True), None),
        "container.jxl": ("110", 16, wide, jxl(wide, lossless=True, usecontainer=True, effort=3), None),
        "lossy.jxl": ("112", 16, wide, jxl(wide, distance=1.0), imagecodecs.jpegxl_decode),
    }
    entries = {}
    written = {id(plain): (1, 0), id(signed): (1, -2048), id(wide): (16, 5)}
    for name, (syntax, bits, values, stream, decoder) in streams.items():
        (HERE / name).write_bytes(stream)
        decoded = values if decoder is None else decoder(stream)
        times, plus = written[id(values)]
        entries[name] = {"syntax": f"1.2.840.10008.1.2.4.{syntax}", "bits": bits, "times": times, "plus": plus}
        worst = int(np.abs(decoded.astype(int) - values.astype(int)).max())
        entries[name] |= {"lossless": decoder is None, "worst": worst, "sha256": digest(decoded)}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    text = f'{{"rows": {ROWS}, "columns": {COLUMNS},\n"files": {{\n{lines}\n}}}}\n'
    (HERE / "synthetic.json").write_text(text)


if __name__ == "__main__":
    main()
