// The networks that are compared: of each architecture that is shipped the first one, and every other one with made-up
// weights.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { KINDS, onnx } from "./architectures.mjs";
import { pack, unpack } from "./pack.mjs";
import { madeUp, stored } from "./weights.mjs";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));

function shipped(entry) {
  const parts = entry.parts.map(({ file }) => readFileSync(path.join(MODELS, "weights", file)));
  return { name: entry.name, entry, parts, ...onnx(entry, stored(unpack(Buffer.concat(parts)))) };
}

// An entry like another one's, of another architecture.
function invented(kind, like) {
  const tensors = new Map();
  const entry = { ...like, name: kind, architecture: { kind, in_channels: 1, classes: 1 } };
  const model = onnx(entry, madeUp(tensors));
  const file = pack(tensors);
  const sha256 = createHash("sha256").update(file).digest("hex");
  entry.parts = [{ file: `${kind}.bin`, sha256, bytes: file.length }];
  return { name: `${kind} (made-up weights)`, entry, parts: [file], ...model };
}

// Each as `{ name, entry, parts, model, output }`, made when it is asked for.
export function* networks() {
  const { networks } = JSON.parse(readFileSync(path.join(MODELS, "manifest.json")));
  const seen = new Set();
  for (const entry of networks) {
    const of = JSON.stringify([entry.architecture, entry.input.size]);
    if (!seen.has(of)) yield shipped(entry);
    seen.add(of);
  }
  const lesions = networks.find(({ family }) => family !== "lungs");
  for (const kind of KINDS) {
    if (!networks.some(({ architecture }) => architecture.kind === kind)) yield invented(kind, lesions);
  }
}
