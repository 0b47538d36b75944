// Every architecture compiled to wasm, its weights made up, against PyTorch's stored answers
// (`inference/networks/tests/golden.rs` asks the same of native code and of shaders).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";

import "../lib/relaxed.mjs";

const at = (name) => new URL(`../../${name}`, import.meta.url);
const made = (name) => readFileSync(at(`inference/networks/tests/made-up/${name}`));
const { networks } = JSON.parse(made("manifest.json"));

for (const [kind, words] of [["plain", "SIMD"], ["relaxed", "relaxed SIMD"]]) describe(`networks in wasm with ${words}`, () => {
  let Loaded;
  before(async () => {
    const code = await import(at(`target/bench/${kind}/corsai-bench.js`));
    code.initSync({ module: readFileSync(at(`target/bench/${kind}/corsai-bench_bg.wasm`)) });
    ({ Loaded } = code);
  });

  for (const entry of networks) {
    it(`${entry.name} answers as in PyTorch`, async (t) => {
      const logits = await Loaded.made_up(JSON.stringify(entry)).run();
      const bytes = made(`golden/${entry.golden.file}`);
      const stored = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
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
});
