// ONNX models, node by node: as much of the format as the peer needs, and the layers that our
// networks are made of.

const [FLOAT, INT64] = [1, 7];
const [IR_VERSION, OPERATORS] = [8, 17];

// ── Protocol buffers ─────────────────────────────────────────────────────────────────────────────

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

function tensor(name, type, shape, { buffer, byteOffset, byteLength }) {
  const raw = Buffer.from(buffer, byteOffset, byteLength);
  return message(5, ...shape.map((d) => integer(1, d)), integer(2, type), bytes(8, name), bytes(9, raw));
}
function attribute(name, value) {
  if (name === "epsilon") return message(5, bytes(1, name), float(2, value), integer(20, 1));
  if (Array.isArray(value)) return message(5, bytes(1, name), ...value.map((v) => integer(8, v)), integer(20, 7));
  if (typeof value === "string") return message(5, bytes(1, name), bytes(4, value), integer(20, 3));
  return message(5, bytes(1, name), integer(3, value), integer(20, 2));
}
function described(field, name, shape) {
  const sizes = message(2, ...shape.map((d) => message(1, integer(1, d))));
  return message(field, bytes(1, name), message(2, message(1, integer(1, FLOAT), sizes)));
}

// ── A graph ──────────────────────────────────────────────────────────────────────────────────────

const GROUPS = 32;
const REPEATED = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };

// Grows by a node a call; nodes and weights are named by texts. Its input is `x`, a square picture.
// `take` is a source of weights.
export class Graph {
  #nodes = [];
  #tensors = new Map();
  #take;
  // Of every map [channels, pixels a side].
  #shapes = new Map();
  // Multiplications with additions that the convolutions take, and values of the maps that they
  // read and write.
  work = { products: 0, values: 0 };

  constructor(take, channels, size) {
    this.#take = take;
    this.#shapes.set("x", [channels, size]);
  }

  // The file, of a picture with these shapes of input and output.
  model(output, shapes) {
    const ends = [described(11, "x", shapes.input), described(12, output, shapes.output)];
    const graph = message(7, ...this.#nodes, bytes(2, "network"), ...this.#tensors.values(), ...ends);
    return Buffer.concat([integer(1, IR_VERSION), graph, message(8, bytes(1, ""), integer(2, OPERATORS))]);
  }

  #node(op, inputs, outputs, attributes) {
    const ends = [...inputs.map((name) => bytes(1, name)), ...outputs.map((name) => bytes(2, name))];
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    this.#nodes.push(message(1, ...ends, bytes(4, op), ...list));
  }

  // `shape` is the output's, where it isn't the first input's.
  add(op, inputs, attributes = {}, shape = this.#shapes.get(inputs[0])) {
    const output = `t${this.#nodes.length}`;
    this.#node(op, inputs, [output], attributes);
    this.#shapes.set(output, shape);
    return output;
  }

  #floats(name, shape, values) {
    if (!this.#tensors.has(name)) this.#tensors.set(name, tensor(name, FLOAT, shape, Float32Array.from(values)));
    return name;
  }
  #integers(...values) {
    const name = `integers ${values}`;
    this.#tensors.set(name, tensor(name, INT64, [values.length], BigInt64Array.from(values, BigInt)));
    return name;
  }
  // So many times the same.
  #even(value, length) {
    return this.#floats(`${length} times ${value}`, [length], Array(length).fill(value));
  }
  // `as` is another shape for the same values.
  #weight(name, shape, around = 0, as = shape) {
    return this.#floats(name, as, this.#take(name, shape, around));
  }

  // ── Layers ─────────────────────────────────────────────────────────────────────────────────────

  // Around a picture lies half a kernel, or as little as it takes with the odd pixel behind it
  // (TensorFlow's "same").
  conv(x, name, [inputs, outputs], { kernel = 1, stride = 1, groups = 1, bias = true, least = false } = {}) {
    const rest = kernel - Math.min(stride, kernel);
    const [before, after] = least ? [Math.floor(rest / 2), Math.ceil(rest / 2)] : [kernel >> 1, kernel >> 1];
    const weights = [this.#weight(`${name}.weight`, [outputs, inputs / groups, kernel, kernel])];
    if (bias) weights.push(this.#weight(`${name}.bias`, [outputs]));
    const size = this.#shapes.get(x)[1];
    const smaller = Math.ceil(size / stride);
    this.work.products += outputs * smaller ** 2 * (inputs / groups) * kernel ** 2;
    this.work.values += inputs * size ** 2 + outputs * smaller ** 2;
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [before, before, after, after],
      group: groups,
    };
    return this.add("Conv", [x, ...weights], attributes, [outputs, smaller]);
  }

  relu = (x) => this.add("Relu", [x]);
  silu = (x) => this.add("Mul", [x, this.add("Sigmoid", [x])]);
  averaged = (x) => this.add("GlobalAveragePool", [x], {}, [this.#shapes.get(x)[0], 1]);
  joined(...maps) {
    const channels = maps.reduce((sum, map) => sum + this.#shapes.get(map)[0], 0);
    return this.add("Concat", maps, { axis: 1 }, [channels, this.#shapes.get(maps[0])[1]]);
  }
  pooled(x) {
    const [channels, size] = this.#shapes.get(x);
    return this.add("MaxPool", [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, [channels, Math.ceil(size / 2)]);
  }

  // By their channels.
  split(x, sizes) {
    const outputs = sizes.map((_, part) => `t${this.#nodes.length}.${part}`);
    this.#node("Split", [x, this.#integers(...sizes)], outputs, { axis: 1 });
    for (const [part, output] of outputs.entries()) this.#shapes.set(output, [sizes[part], this.#shapes.get(x)[1]]);
    return outputs;
  }

  // A batch-norm that learns no more, and ReLU.
  normed(x, name, channels) {
    const own = [this.#weight(`${name}.weight`, [channels], 1), this.#weight(`${name}.bias`, [channels])];
    const inputs = [x, ...own, this.#even(0, channels), this.#even(1, channels)];
    return this.relu(this.add("BatchNormalization", inputs, { epsilon: 0 }));
  }

  // Group normalisation of a square picture as PyTorch exports it, and ReLU.
  groupNormed(x, name) {
    const [channels, size] = this.#shapes.get(x);
    const grouped = this.add("Reshape", [x, this.#integers(1, GROUPS, -1)]);
    const even = [this.#even(1, GROUPS), this.#even(0, GROUPS)];
    const normal = this.add("InstanceNormalization", [grouped, ...even], { epsilon: 1e-5 });
    const back = this.add("Reshape", [normal, this.#integers(1, channels, size, size)]);
    const weight = (part, around) => this.#weight(`${name}.${part}`, [channels], around, [1, channels, 1, 1]);
    return this.relu(this.add("Add", [this.add("Mul", [back, weight("weight", 1)]), weight("bias", 0)]));
  }

  #larger(x, factor, how) {
    const [channels, size] = this.#shapes.get(x);
    const factors = this.#floats(`larger by ${factor}`, [4], [1, 1, factor, factor]);
    return this.add("Resize", [x, "", factors], how, [channels, size * factor]);
  }
  // By repetition.
  doubled = (x) => this.#larger(x, 2, REPEATED);
  // Bilinearly, where corners lie on corners or pixels are areas.
  aligned = (x, factor) => this.#larger(x, factor, { mode: "linear", coordinate_transformation_mode: "align_corners" });
  areas = (x, factor) => this.#larger(x, factor, { mode: "linear", coordinate_transformation_mode: "half_pixel" });
}
