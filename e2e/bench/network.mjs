// One of the shipped networks as an ONNX model, so that a peer can run the very same weights: reads the pack
// (inference/networks/src/pack.rs) and writes FPN over EfficientNet-B0 (inference/networks/src/fpn.rs) node by node.

// ── The pack ────────────────────────────────────────────────────────────────────────────────────────────────────────

const align = (at) => Math.ceil(at / 16) * 16;

function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -magnitude : magnitude;
}

// All tensors by name, dequantized: `{ shape, values }`.
export function unpack(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(12, 12 + length)));
  const start = align(12 + length);
  const tensors = new Map();
  for (const { name, shape, bits, group, scale, data } of header.tensors) {
    const count = shape.reduce((a, b) => a * b, 1);
    const perChannel = count / shape[0];
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
    tensors.set(name, { shape, values: Float32Array.from({ length: count }, (_, i) => read(i)) });
  }
  return tensors;
}

// ── Protocol buffers, as far as ONNX needs them ─────────────────────────────────────────────────────────────────────

function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}
const integer = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const content = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
};
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));
const float = (field, value) => {
  const four = Buffer.alloc(4);
  four.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), four]);
};

const [FLOAT, INT64] = [1, 7];
const tensor = (name, type, shape, raw) =>
  message(5, ...shape.map((d) => integer(1, d)), integer(2, type), bytes(8, name), bytes(9, raw));
function attribute(name, value) {
  if (Array.isArray(value)) return message(5, bytes(1, name), ...value.map((v) => integer(8, v)), integer(20, 7));
  if (typeof value === "string") return message(5, bytes(1, name), bytes(4, value), integer(20, 3));
  if (Number.isInteger(value)) return message(5, bytes(1, name), integer(3, value), integer(20, 2));
  return message(5, bytes(1, name), float(2, value), integer(20, 1));
}
const described = (field, name, shape) =>
  message(field, bytes(1, name), message(2, message(1, integer(1, FLOAT), message(2, ...shape.map((d) => message(1, integer(1, d)))))));

// ── The network ─────────────────────────────────────────────────────────────────────────────────────────────────────

// Blocks, kernel, stride of the first, expansion, output channels.
const STAGES = [[1, 3, 1, 1, 16], [2, 3, 2, 6, 24], [2, 5, 2, 6, 40], [3, 3, 2, 6, 80], [3, 5, 1, 6, 112], [4, 5, 2, 6, 192], [1, 3, 1, 6, 320]];
const LEAVE_AFTER = [3, 5, 9, 16];
const GROUPS = 32;

// The model of a manifest entry with its unpacked weights: input `x` [1, channels, size, size], output `logits`.
export function onnx({ architecture, input }, weights) {
  const nodes = [];
  const tensors = [];
  const add = (op, inputs, attributes = {}) => {
    const output = `t${nodes.length}`;
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    nodes.push(message(1, ...inputs.map((i) => bytes(1, i)), bytes(2, output), bytes(4, op), ...list));
    return output;
  };
  const floats = (name, shape, values) => (tensors.push(tensor(name, FLOAT, shape, Buffer.from(Float32Array.from(values).buffer))), name);
  const integers = (name, values) => (tensors.push(tensor(name, INT64, [values.length], Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer))), name);
  const shipped = (name, shape) => {
    const { values, shape: own } = weights.get(name);
    return floats(name, shape ?? own, values);
  };

  const conv = (x, name, { stride = 1, group = 1, bias = true } = {}) => {
    const kernel = weights.get(`${name}.weight`).shape[2];
    const padding = kernel - Math.min(stride, kernel);
    const [before, after] = [Math.floor(padding / 2), Math.ceil(padding / 2)];
    const inputs = [x, shipped(`${name}.weight`), ...(bias ? [shipped(`${name}.bias`)] : [])];
    return add("Conv", inputs, { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [before, before, after, after], group });
  };
  const silu = (x) => add("Mul", [x, add("Sigmoid", [x])]);
  const larger = (x, factor, how) => add("Resize", [x, "", floats(`scale${nodes.length}`, [4], [1, 1, factor, factor])], how);
  const bilinear = { mode: "linear", coordinate_transformation_mode: "align_corners" };
  const repeated = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  const groupNorm = (x, name, size) => {
    const channels = weights.get(`${name}.weight`).shape[0];
    const grouped = add("Reshape", [x, integers(`${name}.groups`, [1, GROUPS, -1])]);
    const ones = floats(`${name}.ones`, [GROUPS], Array(GROUPS).fill(1));
    const zeros = floats(`${name}.zeros`, [GROUPS], Array(GROUPS).fill(0));
    const normal = add("InstanceNormalization", [grouped, ones, zeros], { epsilon: 1e-5 });
    const back = add("Reshape", [normal, integers(`${name}.back`, [1, channels, size, size])]);
    const scaled = add("Mul", [back, shipped(`${name}.weight`, [1, channels, 1, 1])]);
    return add("Add", [scaled, shipped(`${name}.bias`, [1, channels, 1, 1])]);
  };

  const features = [];
  let x = silu(conv("x", "encoder._conv_stem", { stride: 2 }));
  let [inputs, nth] = [32, 0];
  for (const [count, , firstStride, expansion, outputs] of STAGES) {
    for (let i = 0; i < count; i += 1, nth += 1) {
      const name = `encoder._blocks.${nth}`;
      const stride = i === 0 ? firstStride : 1;
      let y = expansion === 1 ? x : silu(conv(x, `${name}._expand_conv`));
      y = silu(conv(y, `${name}._depthwise_conv`, { stride, group: inputs * expansion }));
      const narrow = silu(conv(add("GlobalAveragePool", [y]), `${name}._se_reduce`));
      y = add("Mul", [y, add("Sigmoid", [conv(narrow, `${name}._se_expand`)])]);
      y = conv(y, `${name}._project_conv`);
      x = stride === 1 && inputs === outputs ? add("Add", [y, x]) : y;
      inputs = outputs;
      if (LEAVE_AFTER.includes(nth + 1)) features.push(x);
    }
  }

  let [level, sum] = [null, null];
  const laterals = ["p5", "p4.skip_conv", "p3.skip_conv", "p2.skip_conv"];
  const links = [3, 2, 1, 1];
  for (const [i, feature] of features.reverse().entries()) {
    const skip = conv(feature, `decoder.${laterals[i]}`);
    level = level === null ? skip : add("Add", [larger(level, 2, repeated), skip]);
    let size = input.size / 2 ** (5 - i);
    let s = level;
    for (let link = 0; link < links[i]; link += 1) {
      const name = `decoder.seg_blocks.${i}.block.${link}.block`;
      s = add("Relu", [groupNorm(conv(s, `${name}.0`, { bias: false }), `${name}.1`, size)]);
      if (i < 3) {
        s = larger(s, 2, bilinear);
        size *= 2;
      }
    }
    sum = sum === null ? s : add("Add", [sum, s]);
  }
  const logits = larger(conv(sum, "segmentation_head.0"), 4, bilinear);

  const graph = message(7, ...nodes, bytes(2, "network"), ...tensors,
    described(11, "x", [1, architecture.in_channels, input.size, input.size]),
    described(12, logits, [1, architecture.classes, input.size, input.size]));
  return { model: Buffer.concat([integer(1, 8), graph, message(8, bytes(1, ""), integer(2, 17))]), output: logits };
}
