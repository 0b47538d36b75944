// Reading whole series in a browser, beside cornerstone's dicom-image-loader: `node e2e/bench/reading/bench.mjs`, after
// `npm ci` here and in e2e. Both have two decoding workers, the same files in memory, and the same values to
// deliver, which is checked by a sum over all of them. MB are those of the values; the median of RUNS fresh browsers.
//
// Needs cargo, and the wasm-bindgen that fits Cargo.toml's version on the PATH.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { serve } from "../../server.mjs";

const RUNS = Number(process.env.RUNS ?? 3);
const WORKERS = 2;
const DATA = process.env.CORSAI_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));
const SITE = fileURLToPath(new URL("../../out/reading", import.meta.url));
// JPEG Lossless, and uncompressed.
const STUDIES = ["dicom/covid-P001", "dicom/lungdx-A0001-5mm"];

async function site() {
  mkdirSync(SITE, { recursive: true });
  const target = process.env.CARGO_TARGET_DIR ?? path.join(HERE, "target");
  const cargo = ["build", "--release", "--target", "wasm32-unknown-unknown", "--target-dir", target];
  execFileSync("cargo", cargo, { cwd: HERE, stdio: "inherit" });
  const wasm = path.join(target, "wasm32-unknown-unknown/release/corsai_reader.wasm");
  execFileSync("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-dir", SITE, wasm]);
  cpSync(path.join(HERE, "worker.js"), path.join(SITE, "worker.js"));
  const loader = path.dirname(fileURLToPath(import.meta.resolve("@cornerstonejs/dicom-image-loader")));
  await build({
    // Its worker is found beside the module that starts it.
    entryPoints: [path.join(HERE, "peer.js"), path.join(loader, "decodeImageFrameWorker.js")],
    entryNames: "[name]",
    outdir: SITE,
    bundle: true,
    format: "esm",
    minify: true,
    external: ["fs", "path", "crypto"],
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    logLevel: "error",
  });
  writeFileSync(path.join(SITE, "index.html"), "<!doctype html><title>reading</title>");
}

// Runs in the page: all files of a study, from memory to values. A worker gets the next file as it delivers one.
async function ours({ names, workers }) {
  const files = await Promise.all(names.map(async (name) => (await fetch(name)).arrayBuffer()));
  const started = Array.from({ length: workers }, () => new Worker("/worker.js", { type: "module" }));
  const answer = (worker) => new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
  await Promise.all(started.map(answer));
  let [next, bytes, sum] = [0, 0, 0];
  const memory = [];
  const begun = performance.now();
  const drive = async (worker, index) => {
    while (next < files.length) {
      const file = files[next++];
      const done = answer(worker);
      worker.postMessage(file, [file]);
      const { values, memory: held } = await done;
      memory[index] = held;
      bytes += values.byteLength;
      for (let at = 0; at < values.length; at += 97) sum += values[at];
    }
  };
  await Promise.all(started.map(drive));
  return { milliseconds: performance.now() - begun, bytes, sum, memory: memory.reduce((a, b) => a + b, 0) };
}

// Runs in the page: the same by the peer.
async function theirs({ names, workers }) {
  const files = await Promise.all(names.map(async (name) => new File([await (await fetch(name)).blob()], name)));
  const { start, load } = await import("/peer.js");
  await start(workers);
  let [next, bytes, sum] = [0, 0, 0];
  const begun = performance.now();
  // It queues by itself; twice as many as workers keep them busy.
  const drive = async () => {
    while (next < files.length) {
      const values = await load(files[next++]);
      bytes += values.length * 2;
      for (let at = 0; at < values.length; at += 97) sum += values[at] & 0xffff;
    }
  };
  await Promise.all(Array.from({ length: 2 * workers }, drive));
  return { milliseconds: performance.now() - begun, bytes, sum };
}

async function run(address, names, what) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error.message));
    page.on("console", (message) => message.type() === "error" && console.error(message.text()));
    await page.goto(address);
    await page.route(/\/study\//, (route) =>
      route.fulfill({ body: readFileSync(path.join(DATA, new URL(route.request().url()).searchParams.get("file"))) }),
    );
    return await page.evaluate(what, { names, workers: WORKERS });
  } finally {
    await browser.close();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

await site();
const { server, address } = await serve({ root: SITE });
const rows = [];
for (const study of STUDIES) {
  const names = readdirSync(path.join(DATA, study)).sort().map((name, at) => `/study/${at}?file=${encodeURIComponent(`${study}/${name}`)}`);
  const [mine, peers] = [[], []];
  for (let count = 0; count < RUNS; count += 1) {
    mine.push(await run(address, names, ours));
    peers.push(await run(address, names, theirs));
  }
  const same = [...mine, ...peers].every((one) => one.sum === mine[0].sum && one.bytes === mine[0].bytes);
  if (!same) throw new Error(`${study}: the peer has other values (${mine[0].sum} and ${peers[0].sum})`);
  const speed = (runs) => mine[0].bytes / 1e3 / median(runs.map((one) => one.milliseconds));
  const row = { study, files: names.length, ours: speed(mine), peer: speed(peers), wasm: median(mine.map((one) => one.memory)) / 1e6 };
  rows.push(row);
  console.log(`${study}: ours ${row.ours.toFixed(0)} MB/s, peer ${row.peer.toFixed(0)} MB/s, both workers' wasm memory ${row.wasm.toFixed(0)} MB`);
}
writeFileSync(path.join(SITE, "reading.json"), `${JSON.stringify(rows, null, 2)}\n`);
server.closeAllConnections();
server.close();
