// Every architecture compiled to wasm, its weights synthetic, and every stage between the networks
// on a synthetic study, against PyTorch's stored answers (`inference/networks/tests/golden.rs` asks
// the first of native code and of shaders, `inference/ensemble/tests/golden.rs` the second of
// native code).

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { before, describe, it } from "node:test";

import "../lib/relaxed.mjs";

const at = (name) => new URL(`../../${name}`, import.meta.url);
const made = (name) => readFileSync(at(`inference/networks/tests/random-weights/${name}`));
const { networks } = JSON.parse(made("manifest.json"));
const stages = at("inference/ensemble/tests/golden/");
const floats = (bytes) => new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

for (const [kind, words] of [["plain", "SIMD"], ["relaxed", "relaxed SIMD"]]) describe(`networks in wasm with ${words}`, () => {
  let Loaded, stage;
  before(async () => {
    const code = await import(at(`target/bench/${kind}/corsai-bench.js`));
    code.initSync({ module: readFileSync(at(`target/bench/${kind}/corsai-bench_bg.wasm`)) });
    ({ Loaded, stage } = code);
  });

  for (const entry of networks) {
    it(`${entry.name} answers as in PyTorch`, async (t) => {
      const logits = await Loaded.with_random_weights(JSON.stringify(entry)).run();
      const stored = floats(made(`golden/${entry.golden.file}`));
      const { size } = entry.input;
      const { stride } = entry.golden;
      const side = size / stride;
      assert.equal(logits.length, stored.length * stride * stride);
      const found = (i) => logits[(Math.floor(i / side) * stride) * size + (i % side) * stride];
      const largest = Math.max(...stored.map(Math.abs));
      const deviation = Math.max(...stored.map((value, i) => Math.abs(value - found(i)))) / largest;
      t.diagnostic(`off by ${deviation.toExponential(1)}`);
      assert.ok(largest > 0 && deviation <= 1e-4, `${deviation}`);
    });
  }

  for (const name of readdirSync(stages).map((file) => file.replace(".bin", ""))) {
    it(`the stage ${name} is as in Python`, () => {
      const [found, stored] = [stage(name), floats(readFileSync(new URL(`${name}.bin`, stages)))];
      assert.equal(found.length, stored.length);
      const off = stored.filter((value, i) => !(Math.abs(value - found[i]) <= 2e-6));
      assert.equal(off.length, 0, `${off.length} of ${stored.length} values are off`);
    });
  }
});
