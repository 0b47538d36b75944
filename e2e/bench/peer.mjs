// Networks beside those of onnxruntime-web: the same weights and known slice in the same page, in one thread of wasm
// SIMD and on WebGPU. Ours are those of inference/bench, with relaxed SIMD; the peer is shipped without.

import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { chromium } from "playwright-core";

import { QUIET } from "../lib/app.mjs";
import { serve } from "../server.mjs";
import { networks } from "./networks.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OURS = fileURLToPath(new URL("../../target/bench/relaxed", import.meta.url));
const PEER = path.join(HERE, "node_modules/onnxruntime-web/dist");
// As the page demands of a device that computes right.
const DEVIATION = 1e-3;
// The best adapter there is, be it one in software.
const WEBGPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan"];

// A GPU in software takes minutes for a picture of the networks' own size. What it says of pace is worth little; that
// answers are right is seen from small ones.
const SMALL = 64;

// For every network on the CPU and on WebGPU, where there is any: `{ name, backend, device, runs }` with what `measure`
// found in so many fresh browsers; for a GPU in software in one. The peer is timed even where its answer is `wrong`:
// on WebGPU, version 1.30 computes convolutions with six channels a group wrongly, and DPN-92 has some.
export async function besidePeer(browsers) {
  const found = [];
  for (const network of networks()) {
    const [cpu, gpu] = [[], []];
    let adapter;
    for (let nth = 0; nth < browsers; nth += 1) {
      const visit = await open(network, nth);
      try {
        adapter = await visit.adapter();
        cpu.push(await visit.measure(false));
        if (adapter && !adapter.software) gpu.push(await visit.measure(true));
        else if (adapter && nth === 0) gpu.push(await visit.measure(true, SMALL));
      } finally {
        await visit.close();
      }
    }
    const { name } = network;
    found.push({ name, backend: "cpu", device: "one thread", runs: cpu });
    const device = adapter?.software ? `WebGPU (${adapter.name}, ${SMALL}²)` : `WebGPU (${adapter?.name})`;
    if (adapter) found.push({ name, backend: "webgpu", device, runs: gpu });
    else console.log(`skipped: ${name} on WebGPU, of which there is none here`);
  }
  return found;
}

// A browser and what one does there with a network.
async function open({ name, parts, of }, nth) {
  const files = new Map([["page.mjs", readFileSync(path.join(HERE, "page.mjs"))]]);
  const answer = (file) => {
    if (file.startsWith("ours/")) return { body: readFileSync(path.join(OURS, path.basename(file))) };
    return files.has(file) ? { body: files.get(file) } : null;
  };
  const { server, address } = await serve({ root: PEER, answer });
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: [...QUIET, ...WEBGPU] });
  // The sides begin by turns.
  const order = nth % 2 === 0 ? ["ours", "peer"] : ["peer", "ours"];
  const inPage = async (run, argument) => {
    const page = await browser.newPage();
    // What waits for a module that has panicked may wait forever.
    const failed = new Promise((_, reject) => page.once("pageerror", reject));
    try {
      // Any text of that address will do for a document.
      await page.goto(`${address}page.mjs`);
      return await Promise.race([page.evaluate(run, argument), failed]);
    } finally {
      await page.close();
    }
  };
  return {
    adapter: () => inPage(async () => (await import("/page.mjs")).adapter()),
    async measure(gpu, size) {
      const { entry, model, output } = of(size);
      files.set("model.onnx", model);
      for (const [part, { file }] of entry.parts.entries()) files.set(file, parts[part]);
      const measure = async (network) => (await import("/page.mjs")).measure(network);
      const found = await inPage(measure, { entry, output, gpu, order });
      const { ours, peer } = found.deviation;
      if (!(ours <= DEVIATION)) throw new Error(`${name}: our answer is off by ${ours}`);
      return { ...found, wrong: !(peer <= DEVIATION) };
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

// What a page has to fetch for the CPU and WebGPU, MB after gzip.
export function runtimes() {
  const packed = (file) => gzipSync(readFileSync(file)).length / 1e6;
  const size = (folder, files) => files.reduce((sum, file) => sum + packed(path.join(folder, file)), 0);
  const asyncify = "ort-wasm-simd-threaded.asyncify";
  return {
    ours: size(OURS, ["corsai-bench.js", "corsai-bench_bg.wasm"]),
    peer: size(PEER, ["ort.webgpu.min.mjs", `${asyncify}.mjs`, `${asyncify}.wasm`]),
  };
}
