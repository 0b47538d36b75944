// A small reader and writer for the flat Explicit VR Little Endian files that `corsai phantom`
// writes, so that a test can spoil one element of a good file. Not a DICOM library: anything else
// is refused.

export const TAG = {
  transferSyntax: "0002,0010",
  metaLength: "0002,0000",
  mediaInstance: "0002,0003",
  imageType: "0008,0008",
  sopInstance: "0008,0018",
  acquisitionTime: "0008,0032",
  modality: "0008,0060",
  seriesDescription: "0008,103e",
  patientName: "0010,0010",
  patient: "0010,0020",
  contrast: "0018,0010",
  kvp: "0018,0060",
  kernel: "0018,1210",
  studyInstance: "0020,000d",
  seriesInstance: "0020,000e",
  acquisition: "0020,0012",
  position: "0020,0032",
  rows: "0028,0010",
  columns: "0028,0011",
  pixelSpacing: "0028,0030",
  bitsAllocated: "0028,0100",
  bitsStored: "0028,0101",
  highBit: "0028,0102",
  pixels: "7fe0,0010",
};

const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT"]);
const START = 132;
// Of elements that the phantom's files don't have.
const ABSENT_VR = { [TAG.contrast]: "LO", [TAG.kernel]: "SH" };

// The file as a list of { tag, vr, value }, with "0028,0010" for a tag.
export function read(bytes) {
  if (bytes.toString("latin1", 128, START) !== "DICM") throw new Error("no DICOM file");
  const elements = [];
  let at = START;
  while (at < bytes.length) {
    const hex = (offset) => bytes.readUInt16LE(at + offset).toString(16).padStart(4, "0");
    const tag = `${hex(0)},${hex(2)}`;
    const vr = bytes.toString("latin1", at + 4, at + 6);
    const long = LONG.has(vr);
    const length = long ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    const begin = at + (long ? 12 : 8);
    if (!/^[A-Z]{2}$/.test(vr) || begin + length > bytes.length) throw new Error(`${tag} can't be read here`);
    elements.push({ tag, vr, value: bytes.subarray(begin, begin + length) });
    at = begin + length;
  }
  return elements;
}

export function write(elements) {
  const meta = elements.filter(({ tag }) => tag.startsWith("0002") && tag !== TAG.metaLength).map(encoded);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.concat(meta).length);
  const dataset = elements.filter(({ tag }) => !tag.startsWith("0002")).map(encoded);
  const head = encoded({ tag: TAG.metaLength, vr: "UL", value: length });
  return Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), head, ...meta, ...dataset]);
}

function encoded({ tag, vr, value }) {
  const long = LONG.has(vr);
  const head = Buffer.alloc(long ? 12 : 8);
  const [group, element] = tag.split(",");
  head.writeUInt16LE(parseInt(group, 16), 0);
  head.writeUInt16LE(parseInt(element, 16), 2);
  head.write(vr, 4, "latin1");
  if (long) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

// A number as a US element's value.
const word = (number) => Buffer.from([number & 255, number >> 8]);

// An element's bytes, and as text without its padding.
export const value = (bytes, tag) => read(bytes).find((element) => element.tag === tag)?.value;
export const text = (bytes, tag) => value(bytes, tag)?.toString("latin1").replace(/[\0 ]+$/, "");

// A new element in its place: elements are in the order of their tags.
function added(elements, tag) {
  const vr = ABSENT_VR[tag];
  if (!vr) throw new Error(`${tag} isn't there to be changed`);
  const element = { tag, vr };
  const next = elements.findIndex((e) => e.tag > tag);
  elements.splice(next < 0 ? elements.length : next, 0, element);
  return element;
}

// The file with other values; `null` takes an element out. A string is padded to an even length.
export function changed(bytes, values) {
  const elements = read(bytes).filter(({ tag }) => values[tag] !== null);
  for (const [tag, value] of Object.entries(values)) {
    if (value === null) continue;
    const element = elements.find((e) => e.tag === tag) ?? added(elements, tag);
    const blank = element.vr === "UI" ? "\0" : " ";
    element.value = Buffer.isBuffer(value) ? value : Buffer.from(value.length % 2 ? value + blank : value, "latin1");
  }
  return write(elements);
}

// The file with its 16-bit picture packed by RLE (PS3.5, annex G), without any run.
export function packed(bytes) {
  const pixels = value(bytes, TAG.pixels);
  const plane = (offset) => {
    const parts = [];
    for (let at = 0; at < pixels.length; at += 256) {
      const part = pixels.subarray(at, at + 256).filter((_, index) => index % 2 === offset);
      parts.push(Buffer.from([part.length - 1]), part);
    }
    return Buffer.concat(parts);
  };
  return runLengths(bytes, plane(1), plane(0));
}

// The file with `size` rows and columns from the middle of its picture: a narrower field of view.
export function cropped(bytes, size) {
  const [pixels, rows, columns] = [value(bytes, TAG.pixels), value(bytes, TAG.rows).readUInt16LE(), value(bytes, TAG.columns).readUInt16LE()];
  const [top, left] = [(rows - size) >> 1, (columns - size) >> 1];
  const lines = Array.from({ length: size }, (_, row) => {
    const at = ((top + row) * columns + left) * 2;
    return pixels.subarray(at, at + size * 2);
  });
  const [rowMm, columnMm] = text(bytes, TAG.pixelSpacing).split("\\").map(Number);
  const [x, y, z] = text(bytes, TAG.position).split("\\").map(Number);
  const position = [(x + left * columnMm).toFixed(3), (y + top * rowMm).toFixed(3), z].join("\\");
  return changed(bytes, { [TAG.rows]: word(size), [TAG.columns]: word(size), [TAG.position]: position, [TAG.pixels]: Buffer.concat(lines) });
}

// The file with a `factor` times as many rows and columns, each pixel `factor` times beside and
// below itself, packed by RLE (PS3.5, annex G).
export function enlarged(bytes, factor) {
  const [pixels, rows, columns] = [value(bytes, TAG.pixels), value(bytes, TAG.rows).readUInt16LE(), value(bytes, TAG.columns).readUInt16LE()];
  const plane = (offset) =>
    Buffer.concat(
      Array.from({ length: rows }, (_, row) => {
        const line = Buffer.alloc(columns * 2);
        for (let column = 0; column < columns; column += 1) {
          // A run of `factor` equal bytes.
          line[column * 2] = 257 - factor;
          line[column * 2 + 1] = pixels[(row * columns + column) * 2 + offset];
        }
        return Buffer.concat(Array(factor).fill(line));
      }),
    );
  const [y, x] = text(bytes, TAG.pixelSpacing).split("\\").map((mm) => (Number(mm) / factor).toFixed(6));
  const large = changed(bytes, { [TAG.rows]: word(rows * factor), [TAG.columns]: word(columns * factor), [TAG.pixelSpacing]: `${y}\\${x}` });
  return runLengths(large, plane(1), plane(0));
}

function runLengths(bytes, high, low) {
  const header = Buffer.alloc(64);
  [2, 64, 64 + high.length].forEach((number, index) => header.writeUInt32LE(number, index * 4));
  return encapsulated(bytes, "1.2.840.10008.1.2.5", Buffer.concat([header, high, low]));
}

// The file as an 8-bit picture of JPEG Baseline (T.81, process 1): each block of 8 × 8 pixels of
// one grey, its middle's.
export function reduced(bytes) {
  const [pixels, rows, columns] = [value(bytes, TAG.pixels), value(bytes, TAG.rows).readUInt16LE(), value(bytes, TAG.columns).readUInt16LE()];
  // Stored 0–2047, air to bone, as 0–255.
  const grey = (row, column) => Math.min(pixels.readUInt16LE((row * columns + column) * 2) >> 3, 255);
  const bits = [];
  const put = (number, length) => {
    for (let bit = length - 1; bit >= 0; bit -= 1) bits.push((number >> bit) & 1);
  };
  let before = 0;
  for (let row = 0; row < rows; row += 8) {
    for (let column = 0; column < columns; column += 8) {
      const mean = 8 * (grey(row + 4, column + 4) - 128);
      const difference = mean - before;
      const size = 32 - Math.clz32(Math.abs(difference));
      // Sizes have codes of four bits, the end of a block one of two.
      put(size, 4);
      put(difference < 0 ? difference + (1 << size) - 1 : difference, size);
      put(0, 2);
      before = mean;
    }
  }
  while (bits.length % 8 > 0) bits.push(1);
  const scan = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = parseInt(bits.slice(at, at + 8).join(""), 2);
    scan.push(byte, ...(byte === 0xff ? [0] : []));
  }
  const table = (kind, length, values) =>
    [0xff, 0xc4, 0, 19 + values.length, kind, ...Array.from({ length: 16 }, (_, i) => (i + 1 === length ? values.length : 0)), ...values];
  const stream = Buffer.from([
    ...[0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...Array(64).fill(1)],
    ...[0xff, 0xc0, 0, 11, 8, rows >> 8, rows & 255, columns >> 8, columns & 255, 1, 1, 0x11, 0],
    ...table(0x00, 4, Array.from({ length: 12 }, (_, i) => i)),
    ...table(0x10, 2, [0, 1]),
    ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, ...scan, 0xff, 0xd9],
  ]);
  const eight = changed(bytes, { [TAG.bitsAllocated]: word(8), [TAG.bitsStored]: word(8), [TAG.highBit]: word(7) });
  return encapsulated(eight, "1.2.840.10008.1.2.4.50", stream);
}

// The file with its picture as one fragment (PS3.5, A.4).
export function encapsulated(bytes, syntax, fragment) {
  const item = (element, content) => {
    const head = Buffer.from([0xfe, 0xff, element, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content]);
  };
  const head = Buffer.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  const file = changed(bytes, { [TAG.transferSyntax]: syntax, [TAG.pixels]: null });
  const even = Buffer.concat([fragment, Buffer.alloc(fragment.length % 2)]);
  return Buffer.concat([file, head, item(0, Buffer.alloc(0)), item(0, even), item(0xdd, Buffer.alloc(0))]);
}

// A copy of the slice as another instance, perhaps of another series, a millimetre distance further
// along the body.
export function copied(bytes, { suffix, series = "", further = 0 }) {
  const instance = text(bytes, TAG.sopInstance) + suffix;
  const [x, y, z] = text(bytes, TAG.position).split("\\").map(Number);
  return changed(bytes, {
    [TAG.mediaInstance]: instance,
    [TAG.sopInstance]: instance,
    [TAG.seriesInstance]: text(bytes, TAG.seriesInstance) + series,
    [TAG.position]: [x, y, (z + further).toFixed(3)].join("\\"),
  });
}
