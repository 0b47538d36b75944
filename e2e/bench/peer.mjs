// Networks beside those of onnxruntime-web: the same weights and known slice in the same page, in
// one thread of wasm SIMD and on WebGPU, in Chromium or, with Dawn, in Node. Ours are those of
// inference/bench, with relaxed SIMD; the peer is shipped without.

import { fork } from "node:child_process";
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
const MODULES = ["page.mjs", "memory.mjs", "peak.mjs"];
// As the page demands of a device that computes right, and of one that stores maps as f16.
const [DEVIATION, HALF_DEVIATION] = [1e-3, 1e-2];
// The best adapter there is, be it one in software.
const WEBGPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan"];

// A GPU in software takes minutes for a picture of the networks' own size. What it says of pace is
// worth little; that answers are right is seen from small ones.
const SMALL = 64;

// Where WebGPU is tried.
export const HOSTS = { Chromium: inChromium, "Dawn in Node": inDawn };

// Times every network on one thread of the CPU, in a number of fresh browsers. Returns `{ name,
// device, work, runs }` with what `measure` of page.mjs found in each.
export const onCpu = (times) => each("Chromium", times, { gpu: false, device: "one thread" });

// The same on a host's best adapter; on one in software once, and small. The peer is timed even
// where its answer is `wrong`: on WebGPU, version 1.30 computes convolutions with six channels a
// group wrongly, and DPN-92 has some.
export async function onWebGpu(host, times) {
  const adapter = await asked(host, new Map(), "adapter").catch((error) => ({ error }));
  if (!adapter || adapter.error) {
    console.log(`skipped: WebGPU (${host}), of which there is none here${adapter ? `: ${adapter.error.message}` : ""}`);
    return [];
  }
  const { name, software, half } = adapter;
  const device = `WebGPU (${host}, ${name}${half ? ", ours f16" : ""}${software ? `, in software, ${SMALL}²` : ""})`;
  const allowed = half ? HALF_DEVIATION : DEVIATION;
  if (!software) return each(host, times, { gpu: true, device, allowed });
  const only = host === "Chromium" ? undefined : 1;
  if (only) console.log(`skipped: all networks but the first, ${device}; Chromium's rows say as much`);
  return each(host, 1, { gpu: true, device, allowed, size: SMALL, only });
}

async function each(host, times, { gpu, device, allowed = DEVIATION, size, only = Infinity }) {
  const found = [];
  for (const { name, parts, of } of networks()) {
    if (found.length === only) break;
    const { entry, model, output, work } = of(size);
    const files = new Map([["model.onnx", model], ...entry.parts.map(({ file }, part) => [file, parts[part]])]);
    const runs = [];
    for (let nth = 0; nth < times; nth += 1) {
      // The sides begin by turns.
      const order = nth % 2 === 0 ? ["ours", "peer"] : ["peer", "ours"];
      const run = await asked(host, files, "measure", { entry, output, gpu, order });
      const { ours, peer } = run.deviation;
      if (!(ours <= allowed)) throw new Error(`${name}, ${device}: our answer is off by ${ours}`);
      runs.push({ ...run, wrong: !(peer <= DEVIATION) });
    }
    found.push({ name, device, work, runs });
  }
  return found;
}

// What a function of page.mjs answers in a fresh page or process of the host, which finds these
// files.
async function asked(host, files, name, argument) {
  const answer = (file) => {
    if (file.startsWith("ours/")) return { body: readFileSync(path.join(OURS, path.basename(file))) };
    if (MODULES.includes(file)) return { body: readFileSync(path.join(HERE, file)) };
    return files.has(file) ? { body: files.get(file) } : null;
  };
  const { server, address } = await serve({ root: PEER, answer });
  try {
    return await HOSTS[host](address, name, argument);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function inChromium(address, name, argument) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: [...QUIET, ...WEBGPU] });
  try {
    const page = await browser.newPage();
    // What waits for a module that has panicked may wait forever.
    const failed = new Promise((_, reject) => page.once("pageerror", reject));
    // Any text of that address will do for a document.
    await page.goto(`${address}page.mjs`);
    const run = async ([name, argument]) => (await import("/page.mjs"))[name](argument);
    return await Promise.race([page.evaluate(run, [name, argument]), failed]);
  } finally {
    await browser.close();
  }
}

function inDawn(address, name, argument) {
  const child = fork(path.join(HERE, "dawn.mjs"), { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  child.send({ name, argument, address, ours: OURS, peer: PEER });
  return new Promise((resolve, reject) => {
    child.once("message", (sent) => (sent?.failed ? reject(new Error(sent.failed)) : resolve(sent)));
    child.once("exit", (code, signal) => reject(new Error(`Node ended (${signal ?? code}): ${errors.slice(-500)}`)));
  });
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
