// Weights files (`CORSAIW1`, inference/networks/src/weights.rs), read and written.

const MAGIC = Buffer.from("CORSAIW1");
const HEAD = MAGIC.length + 4;

const aligned = (at) => Math.ceil(at / 16) * 16;
export const count = (shape) => shape.reduce((product, d) => product * d, 1);

function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -magnitude : magnitude;
}

// All tensors by name, dequantized: `{ shape, values }`.
export function unpack(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getUint32(MAGIC.length, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(HEAD, HEAD + length)));
  const start = aligned(HEAD + length);
  const tensors = new Map();
  for (const { name, shape, bits, group, scale, data } of header.tensors) {
    const values = new Float32Array(count(shape));
    const perChannel = values.length / shape[0];
    const [at, scales] = [start + data, start + (scale ?? 0)];
    const read = {
      32: (i) => view.getFloat32(at + 4 * i, true),
      8: (i) => view.getInt8(at + i) * view.getFloat32(scales + 4 * Math.floor(i / perChannel), true),
      4: (i) => {
        const [channel, within] = [Math.floor(i / perChannel), i % perChannel];
        const byte = view.getUint8(at + channel * Math.ceil(perChannel / 2) + (within >> 1));
        const of = channel * Math.ceil(perChannel / group) + Math.floor(within / group);
        return (((byte >> (4 * (within % 2))) & 15) - 8) * half(view.getUint16(scales + 2 * of, true));
      },
    }[bits];
    for (let i = 0; i < values.length; i += 1) values[i] = read(i);
    tensors.set(name, { shape, values });
  }
  return tensors;
}

// A file of tensors by name: `{ shape, integers, scales }` with one scale an output channel, or `{
// shape, values }`.
export function pack(tensors) {
  const [records, chunks] = [[], []];
  let at = 0;
  const put = (array) => {
    chunks.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
    at += array.byteLength;
    return at - array.byteLength;
  };
  for (const [name, { shape, values, integers, scales }] of tensors) {
    const stored = integers ? { bits: 8, scale: put(scales), data: put(integers) } : { bits: 32, data: put(values) };
    records.push({ name, shape, ...stored, bytes: (integers ?? values).byteLength });
  }
  const header = Buffer.from(JSON.stringify({ tensors: records }));
  const head = Buffer.alloc(aligned(HEAD + header.length));
  MAGIC.copy(head);
  head.writeUInt32LE(header.length, MAGIC.length);
  header.copy(head, HEAD);
  return Buffer.concat([head, ...chunks]);
}
