// The peer: onnxruntime-web on the same network and weights, one thread of wasm SIMD, in the same browser and run.

import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { serve } from "../server.mjs";
import { onnx, unpack } from "./network.mjs";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
const PACKAGE = fileURLToPath(new URL("node_modules/onnxruntime-web/dist", import.meta.url));
// As the page demands of a device that computes right.
const DEVIATION = 1e-3;

// Milliseconds a slice takes, the median of warm runs, and the largest deviation from the stored answer.
export async function peer(browser, name) {
  const manifest = JSON.parse(readFileSync(path.join(MODELS, "manifest.json")));
  const entry = manifest.networks.find((network) => network.name === name);
  const pack = Buffer.concat(entry.parts.map((part) => readFileSync(path.join(MODELS, "weights", part.file))));
  const golden = readFileSync(path.join(MODELS, "golden", entry.golden.file));
  const { model, output } = onnx(entry, unpack(pack));
  const { server, address } = await serve({ root: PACKAGE });
  const page = await browser.newPage();
  try {
    await page.route("**/model.onnx", (route) => route.fulfill({ body: model, contentType: "application/octet-stream" }));
    // Any text of that address will do for a document.
    await page.goto(`${address}ort.wasm.min.mjs`);
    const { times, logits } = await page.evaluate(measure, { entry, output });
    const deviation = deviates(entry, logits, new Float32Array(golden.buffer, golden.byteOffset, golden.length / 4));
    if (!(deviation <= DEVIATION)) throw new Error(`the peer computes something else: deviation ${deviation}`);
    return { milliseconds: times.toSorted((a, b) => a - b)[times.length >> 1], deviation };
  } finally {
    await page.close();
    server.closeAllConnections();
    server.close();
  }
}

// Runs in the page.
async function measure({ entry, output }) {
  const ort = await import("/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  const bytes = await (await fetch("/model.onnx")).arrayBuffer();
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  // The known input of inference/networks/src/golden.rs.
  const [channels, size] = [entry.architecture.in_channels, entry.input.size];
  const values = new Float32Array(channels * size * size);
  for (let i = 0; i < values.length; i += 1) {
    const noise = (Math.imul(i, 2654435761) >>> 8) / 2 ** 24 - 0.5;
    const [row, column] = [Math.floor(i / size) % size, i % size];
    const [y, x] = [(row + 0.5 - size / 2) / (0.4 * size), (column + 0.5 - size / 2) / (0.3 * size)];
    values[i] = (x * x + y * y < 1 ? -0.4 : 0.05) + 0.1 * noise;
  }
  const input = { x: new ort.Tensor("float32", values, [1, channels, size, size]) };
  const times = [];
  let logits;
  for (let run = 0; run < 12; run += 1) {
    const begun = performance.now();
    logits = (await session.run(input))[output].data;
    if (run >= 2) times.push(performance.now() - begun);
  }
  return { times, logits: [...logits] };
}

function deviates({ architecture, input, golden: { stride } }, logits, stored) {
  const [size, side] = [input.size, input.size / stride];
  let [largest, worst] = [0, 0];
  stored.forEach((expected, i) => {
    const [plane, row, column] = [Math.floor(i / side / side), Math.floor(i / side) % side, i % side];
    largest = Math.max(largest, Math.abs(expected));
    worst = Math.max(worst, Math.abs(logits[(plane * size + row * stride) * size + column * stride] - expected));
  });
  return stored.length === architecture.classes * side * side ? worst / largest : NaN;
}
