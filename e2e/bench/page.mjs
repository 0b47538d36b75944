// Runs in the page that peer.mjs serves, and in Node for dawn.mjs: a network of ours and the same
// one of the peer's, on the known slice. Each function is called alone, in a page or process of its
// own.

import { belongsTo, taken } from "./memory.mjs";
import { peak } from "./peak.mjs";

// Warm runs of each, as many as there is time for; one at least.
const [MOST, ENOUGH_MS] = [9, 15_000];

// Where files are fetched from, and modules; Node has modules from its own disk alone.
const PAGE = { files: "/", ours: "/ours/", peer: "/" };

// The best adapter there is, in words.
export async function adapter() {
  const found = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!found) return null;
  const { vendor, architecture, description, device, isFallbackAdapter: software } = found.info;
  const half = found.features.has("shader-f16");
  return { name: description || device || architecture || vendor || "without a name", software, half };
}

// Milliseconds from nothing but the weights to the first answer, then of warm runs; bytes of the
// weights, and of the memory that it all took (memory.mjs); how far each side's answers are from
// the peer's on the CPU; of a GPU what it can do at most (peak.mjs). `order` names the sides.
export async function measure({ entry, output, gpu, order }, place = PAGE) {
  const fetched = async (name) => new Uint8Array(await (await fetch(place.files + name)).arrayBuffer());
  const most = gpu ? await peak() : null;
  const [model, parts] = [await fetched("model.onnx"), await Promise.all(entry.parts.map(({ file }) => fetched(file)))];
  const begin = { ours: () => ours(entry, parts, gpu, place), peer: () => peer(entry, model, output, gpu, place) };
  const [first, runs, answers] = [{}, {}, {}];
  for (const side of order) {
    belongsTo(side);
    const begun = performance.now();
    runs[side] = await begin[side]();
    answers[side] = await runs[side]();
    first[side] = performance.now() - begun;
  }
  // By turns, so that what else the machine does meets both.
  const warm = { ours: [], peer: [] };
  const until = performance.now() + ENOUGH_MS;
  do {
    for (const side of order) {
      belongsTo(side);
      const begun = performance.now();
      await runs[side]();
      warm[side].push(performance.now() - begun);
    }
  } while (warm.ours.length < MOST && performance.now() < until);
  belongsTo(null);
  const weights = { ours: parts.reduce((sum, { length }) => sum + length, 0), peer: model.length };
  const truth = gpu ? await (await peer(entry, model, output, false, place))() : answers.peer;
  const off = { ours: deviation(answers.ours, truth), peer: deviation(answers.peer, truth) };
  return { first, warm, weights, memory: taken(), most, deviation: off };
}

async function ours(entry, parts, gpu, place) {
  const { default: begin, Loaded } = await import(`${place.ours}corsai-bench.js`);
  await begin({ module_or_path: fetch(`${place.files}ours/corsai-bench_bg.wasm`) });
  const loaded = await Loaded.load(JSON.stringify(entry), parts, gpu);
  return () => loaded.run();
}

async function peer({ architecture, input }, model, output, gpu, place) {
  const ort = await import(`${place.peer}${gpu ? "ort.webgpu" : "ort.wasm"}.min.mjs`);
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, { executionProviders: [gpu ? "webgpu" : "wasm"] });
  const dims = [1, architecture.in_channels, input.size, input.size];
  const x = new ort.Tensor("float32", known(dims[1], input.size), dims);
  return async () => (await session.run({ x }))[output].data;
}

// The known slice of inference/networks/src/golden.rs.
export function known(channels, size) {
  const values = new Float32Array(channels * size * size);
  for (let i = 0; i < values.length; i += 1) {
    const noise = (Math.imul(i, 2654435761) >>> 8) / 2 ** 24 - 0.5;
    const [row, column] = [Math.floor(i / size) % size, i % size];
    const [y, x] = [(row + 0.5 - size / 2) / (0.4 * size), (column + 0.5 - size / 2) / (0.3 * size)];
    values[i] = (x * x + y * y < 1 ? -0.4 : 0.05) + 0.1 * noise;
  }
  return values;
}

// The largest difference, of the largest value.
function deviation(found, expected) {
  if (found.length !== expected.length) return NaN;
  let [largest, worst] = [0, 0];
  for (let i = 0; i < found.length; i += 1) {
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(found[i] - expected[i]));
  }
  return worst / largest;
}
