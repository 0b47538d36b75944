// The networks that are compared: of each architecture that is shipped the first one, and every
// other one with synthetic weights.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { KINDS, onnx } from "./architectures.mjs";
import { pack, unpack } from "./pack.mjs";
import { madeUp, stored } from "./weights.mjs";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));

// `of` gives entry, model and output for pictures of another size, too.
function network(name, entry, parts) {
  const take = stored(unpack(Buffer.concat(parts)));
  const of = (size = entry.input.size) => {
    const sized = { ...entry, input: { ...entry.input, size } };
    return { entry: sized, ...onnx(sized, take) };
  };
  return { name, parts, of };
}

const shipped = (entry) =>
  network(entry.name, entry, entry.parts.map(({ file }) => readFileSync(path.join(MODELS, "weights", file))));

// Like another entry, of another architecture.
function invented(kind, like) {
  const tensors = new Map();
  const entry = { ...like, name: kind, architecture: { kind, in_channels: 1, classes: 1 } };
  onnx(entry, madeUp(tensors));
  const file = pack(tensors);
  const sha256 = createHash("sha256").update(file).digest("hex");
  const parts = [{ file: `${kind}.bin`, sha256, bytes: file.length }];
  return network(`${kind} (synthetic weights)`, { ...entry, parts }, [file]);
}

// Each as `{ name, parts, of }`, made when it is asked for.
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
