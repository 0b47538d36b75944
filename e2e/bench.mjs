// Measures what a person waits for and what has to be downloaded, in the built dist/: `./dev
// bench`. Prints a table a part and writes target/bench.json. Times are medians of RUNS fresh
// browsers on this machine; no pace is asserted. The peers are onnxruntime-web with each of our
// networks on the same known slice, in the same page, and cornerstone's DICOM image loader with the
// same files; no peer does the whole job in a page.

import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { HOSTS, onCpu, onWebGpu, runtimes } from "./bench/peer.mjs";
import { megabytes, ours as read, theirs as readByPeer } from "./bench/reading.mjs";
import { watched } from "./bench/study.mjs";
import { long, median, row, wide } from "./bench/table.mjs";
import { phantom, real } from "./lib/studies.mjs";
import { DIST } from "./server.mjs";

const RUNS = Number(process.env.RUNS ?? 3);
const { networks: SHIPPED } = JSON.parse(readFileSync(new URL("../models/manifest.json", import.meta.url)));
const FURTHER = ["standard", "full"].filter((tier) => SHIPPED.some((network) => network.tier === tier));

// ── What is downloaded ───────────────────────────────────────────────────────────────────────────

const files = (folder) =>
  readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)).filter((file) => statSync(file).isFile());

async function sizes() {
  const weights = path.join(DIST, "models");
  // What there is of the page, as compressed by the build; of the workers a visit needs one before
  // the first answer.
  const documents = /\.(br|gz|sha256)$|_headers$|404\.html$|licences\.txt$|sbom\.json$/;
  const page = files(DIST).filter((file) => !file.startsWith(weights) && !documents.test(file));
  const [withGpu, plain] = [/^corsai-worker-gpu-/, /^corsai-worker-[0-9a-f]{16}\./].map((pattern) => (file) => pattern.test(path.basename(file)));
  const compressed = (file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size;
  const sum = (list, of) => list.reduce((total, file) => total + of(file), 0) / 1e6;
  const { ours, peer } = runtimes();
  return [
    row(["page and worker", "brotli"], 1, sum(page.filter((file) => !withGpu(file) && !plain(file)), compressed), "MB"),
    row(["worker without relaxed SIMD", "brotli"], 1, sum(page.filter(plain), compressed), "MB"),
    row(["worker with a GPU", "brotli"], 1, sum(page.filter(withGpu), compressed), "MB"),
    row(["weights", "as stored"], 1, sum(files(weights), (file) => statSync(file).size), "MB"),
    row(["runtime for CPU and WebGPU", "gzip"], 1, ours, "MB", peer),
  ];
}

// ── Networks on a known slice ────────────────────────────────────────────────────────────────────

// From nothing but the weights to the first answer, and warm; what it takes. On a GPU also its pace
// of what can be done there at most: `most` of page.mjs, which the same page has just measured.
function beside({ name, device, work, runs }) {
  const as = (what) => [`${name}, ${device}${runs.some(({ wrong }) => wrong) ? ", peer's answer wrong" : ""}`, what];
  const both = (of) => ["ours", "peer"].map((side) => median(runs.map((run) => of(run, side))));
  const warm = (run, side) => median(run.warm[side]);
  const turns = runs.reduce((sum, run) => sum + run.warm.ours.length, 0);
  const more = true;
  const line = (what, unit, [ours, peer], better) => row(as(what), turns, ours, unit, peer, better);
  const pace = (run, side) => (2 * work.products) / (warm(run, side) / 1000);
  const moved = (run, side) => (4 * work.values) / (warm(run, side) / 1000);
  const rows = [
    line("warm", "ms", both(warm)),
    line("first answer", "s", both((run, side) => run.first[side] / 1000)),
    line("weights", "MB", both((run, side) => run.weights[side] / 1e6)),
    line("wasm", "MB", both((run, side) => run.memory[side].wasm / 1e6)),
    line("pace", "GFLOP/s", both((run, side) => pace(run, side) / 1e9), more),
  ];
  if (!runs[0].most) return rows;
  return [
    ...rows,
    line("buffers", "MB", both((run, side) => run.memory[side].buffers / 1e6)),
    line("of the peak", "%", both((run, side) => (100 * pace(run, side)) / run.most.flops), more),
    line("of the bandwidth", "%", both((run, side) => (100 * moved(run, side)) / run.most.bytes), more),
  ];
}

const networks = async () => (await onCpu(RUNS)).flatMap(beside);

async function gpu() {
  const rows = [];
  for (const host of Object.keys(HOSTS)) {
    const found = await onWebGpu(host, RUNS);
    rows.push(...found.flatMap(beside));
    const most = (of) => median(found.flatMap(({ runs }) => runs.map((run) => run.most[of] / 1e9)));
    if (found.length > 0) console.log(`${found[0].device}: at most ${most("flops").toPrecision(3)} GFLOP/s (f32), ${most("bytes").toPrecision(3)} GB/s`);
  }
  return rows;
}

// ── Studies ──────────────────────────────────────────────────────────────────────────────────────

// A real study's folder; nothing where there is none here.
function found(name) {
  const { folder, skip } = real(name);
  if (skip) console.log(`skipped: ${skip}`);
  return folder;
}

// From files to every slice's Hounsfield units: no networks, as many decoding workers as the peer.
async function reading() {
  const rows = [];
  for (const [name, how] of [["covid-P001", "JPEG Lossless"], ["lungdx-A0001-5mm", "uncompressed"]]) {
    const folder = found(name);
    if (!folder) continue;
    const [ours, theirs] = [[], []];
    for (let run = 0; run < RUNS; run += 1) {
      ours.push(await read(folder));
      theirs.push(await readByPeer(folder));
    }
    const as = (what) => [`${name}, ${how}, 2 workers`, what];
    const pace = (runs) => megabytes(folder) / median(runs.map((run) => run.seconds));
    const memory = (runs) => median(runs.map((run) => run.memory));
    rows.push(row(as("reading"), RUNS, pace(ours), "MB/s", pace(theirs), true));
    rows.push(row(as("the page's process at most"), RUNS, memory(ours), "MB", memory(theirs)));
  }
  return rows;
}

// From the drop or click to what a person sees.
function seen(name, runs) {
  const time = (what, words) => row([name, words], runs.length, median(runs.map((run) => run[what])), "s");
  return [time("slice", "first slice"), time("overlay", "first lung overlay"), time("finished", "severity card")];
}
function taken(name, { instances, process }) {
  return [row([name, "all wasm instances at most"], 1, instances / 1e6, "MB"), row([name, "the page's process at most"], 1, process, "MB")];
}

async function studies() {
  const rows = [];
  const name = "covid-P001";
  const folder = found(name);
  if (folder) {
    const quick = [];
    for (let run = 0; run < RUNS; run += 1) quick.push(await watched({ folder }));
    rows.push(...seen(name, quick));
    if (FURTHER.includes("standard")) rows.push(row([name, "standard answer"], 1, (await watched({ folder, tier: "standard" })).standard, "s"));
  }
  rows.push(...(await synthetic()));
  // As large as a study gets.
  const large = phantom("large", { left: 0.1, right: 0.2, date: "20260101", slices: 600, columns: 512 });
  const run = await watched({ folder: large });
  return [...rows, ...seen("600 slices of 512²", [run]), ...taken("600 slices of 512²", run)];
}

// The page's own study in every tier, stopped early and in full; the last tier's visit passes
// through the others.
async function synthetic() {
  const name = "synthetic study";
  const [quick, rows] = [[], []];
  for (const tier of FURTHER) {
    for (const fullRun of [false, true]) {
      const run = await watched({ tier, fullRun });
      quick.push(run);
      const how = `${tier} answer, ${fullRun ? "in full" : "stopped early"}`;
      rows.push(row([name, how], 1, run[tier], "s"), row([name, how], 1, run.networks, "runs of lesion networks"));
      if (!fullRun) rows.push(...taken(`${name}, ${tier}`, run));
    }
  }
  if (quick.length === 0) quick.push(await watched({}));
  return [...seen(name, quick), ...rows];
}

// ── All of it, or the parts that are named ───────────────────────────────────────────────────────

const PARTS = { sizes: [sizes, long], networks: [networks, wide], gpu: [gpu, wide], reading: [reading, long], studies: [studies, long] };

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`there is no part ${unknown.join(" or ")}: they are ${Object.keys(PARTS).join(", ")}`);
  process.exit(64);
}
const target = fileURLToPath(new URL("../target", import.meta.url));
mkdirSync(target, { recursive: true });
const measured = {};
for (const name of wanted) {
  const [measure, table] = PARTS[name];
  const begun = performance.now();
  measured[name] = await measure();
  console.log(`\n${name}, in ${Math.round((performance.now() - begun) / 1000)} s`);
  if (measured[name].length > 0) console.log(table(measured[name]));
  writeFileSync(path.join(target, "bench.json"), `${JSON.stringify(measured, null, 2)}\n`);
}
