// What people drop in place of a folder of DICOM files: archives, and the CT as a NIfTI volume.
// Written here, so that a test can spoil one detail.

import { crc32, deflateRawSync, gzipSync } from "node:zlib";

import { TAG, text, value } from "./dicom.mjs";

// A zip of [name, bytes]. With `password` the entries are marked as encrypted; what they then hold
// can't be told from random bytes.
export function zip(entries, { password = false } = {}) {
  const [local, central] = [[], []];
  let offset = 0;
  for (const [name, bytes] of entries) {
    const packed = password ? noise(bytes.length) : deflateRawSync(bytes);
    const path = Buffer.from(name);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(password ? 1 : 0, 2);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(path.length, 22);
    const entry = Buffer.concat([Buffer.from("PK\x03\x04"), head, path, packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    local.push(entry);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), head, place, path]));
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

// A tar (POSIX ustar) of [name, bytes].
export function tar(entries) {
  const blocks = entries.flatMap(([name, bytes]) => {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write("0000644\0", 100);
    head.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("        0", 148);
    head.write("ustar\x0000", 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [head, bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export const gzip = (bytes) => gzipSync(bytes, { level: 1 });

// The beginning of a 7-Zip archive, and what can't be told from the rest of one.
export const sevenZip = () => Buffer.concat([Buffer.from("377abcaf271c0004", "hex"), noise(100_000)]);

// The slices of a synthetic study, feet first, as a NIfTI-1 volume of Hounsfield units. DICOM's
// coordinates grow towards the patient's left and back, NIfTI's towards the right and the front.
export function nifti(slices) {
  const [rows, columns] = [TAG.rows, TAG.columns].map((tag) => value(slices[0], tag).readUInt16LE());
  const [rowMm, columnMm] = text(slices[0], TAG.pixelSpacing).split("\\").map(Number);
  const place = (slice) => text(slice, TAG.position).split("\\").map(Number);
  const [x, y, z] = place(slices[0]);
  const sliceMm = place(slices[1])[2] - z;
  const head = Buffer.alloc(352);
  head.writeInt32LE(348, 0);
  [3, columns, rows, slices.length, 1, 1, 1, 1].forEach((size, axis) => head.writeInt16LE(size, 40 + axis * 2));
  // Signed words of 16 bits.
  head.writeInt16LE(4, 70);
  head.writeInt16LE(16, 72);
  [1, columnMm, rowMm, sliceMm].forEach((mm, axis) => head.writeFloatLE(mm, 76 + axis * 4));
  head.writeFloatLE(352, 108);
  head.writeFloatLE(1, 112);
  // Millimetres.
  head.writeUInt8(2, 123);
  // The scanner's coordinates, by three rows of a matrix.
  head.writeInt16LE(1, 254);
  [[-columnMm, 0, 0, -x], [0, -rowMm, 0, -y], [0, 0, sliceMm, z]].flat().forEach((number, index) => head.writeFloatLE(number, 280 + index * 4));
  head.write("n+1\0", 344);
  const volume = Buffer.concat(slices.map((slice) => value(slice, TAG.pixels)));
  for (let at = 0; at < volume.length; at += 2) volume.writeInt16LE(volume.readUInt16LE(at) - 1024, at);
  return Buffer.concat([head, volume]);
}

// Bytes without any pattern, the same ones each time.
function noise(length) {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
