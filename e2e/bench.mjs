// Measures what a person waits for and what has to be downloaded, in the built dist/: `./dev bench`. Prints a table
// and writes target/bench.json. Times are medians of RUNS fresh browsers on this machine; no pace is asserted.
// The peers are onnxruntime-web with each of our networks on the same known slice, in the same page, and cornerstone's
// DICOM image loader with the same files; no peer does the whole job in a page. `ratio` is how much better we are: the
// peer's time, size or memory over ours, our pace over the peer's.

import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { besidePeer, runtimes } from "./bench/peer.mjs";
import { megabytes, ours as read, theirs as readByPeer } from "./bench/reading.mjs";
import { drop } from "./bench/study.mjs";
import { phantom, real } from "./lib/studies.mjs";
import { DIST } from "./server.mjs";

const RUNS = Number(process.env.RUNS ?? 3);
const BACKEND = "cpu";
const MANIFEST = JSON.parse(readFileSync(new URL("../models/manifest.json", import.meta.url)));

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rounded = (value) => Number(value.toFixed(2));
const row = (name, backend, ours, unit, theirs = null) => ({
  name,
  backend,
  ours: rounded(ours),
  peer: theirs === null ? null : rounded(theirs),
  ratio: theirs === null ? null : rounded(theirs / ours),
  unit,
});

async function study(name) {
  const { folder, skip } = real(name);
  if (skip) {
    console.log(`skipped: ${skip}`);
    return [];
  }
  const quick = [];
  for (let run = 0; run < RUNS; run += 1) quick.push(await drop(folder, "quick"));
  const time = (what, words) => row(`${name}: drop to ${words}`, BACKEND, median(quick.map((run) => run[what])), "s");
  const rows = [time("slice", "first slice"), time("overlay", "first lung overlay"), time("finished", "severity card")];
  if (!MANIFEST.networks.some(({ tier }) => tier === "standard")) return rows;
  const { standard } = await drop(folder, "standard");
  return [...rows, row(`${name}: drop to the standard answer`, `${BACKEND}, runs: 1`, standard, "s")];
}

// As large as a study gets: 600 slices of 512².
async function large() {
  const folder = phantom("large", { left: 0.1, right: 0.2, date: "20260101", slices: 600, columns: 512 });
  const { finished, process, instances } = await drop(folder, "quick");
  const what = "600 slices of 512²";
  const on = `${BACKEND}, runs: 1`;
  return [
    row(`${what}: drop to severity card`, on, finished, "s"),
    row(`${what}: most memory of all wasm instances`, on, instances / 1e6, "MB"),
    row(`${what}: most memory of the page's process`, on, process, "MB"),
  ];
}

// Each architecture on a known slice: warm, and from nothing but the weights to the first answer.
async function networks() {
  const rows = [];
  for (const { name, backend, device, runs } of await besidePeer(RUNS)) {
    const warm = (side) => median(runs.map((run) => median(run.warm[side])));
    const first = (side) => median(runs.map((run) => run.first[side])) / 1000;
    const count = runs.reduce((sum, run) => sum + run.warm.ours.length, 0);
    const what = `${name}, ${device}${runs.some(({ wrong }) => wrong) ? ", peer's answer wrong" : ""}`;
    rows.push(row(what, `${backend}, runs: ${count}`, warm("ours"), "ms", warm("peer")));
    rows.push(row(`${what}: first answer`, `${backend}, runs: ${runs.length}`, first("ours"), "s", first("peer")));
  }
  const { ours, peer } = runtimes();
  return [...rows, row("runtime for CPU and WebGPU, gzip", "–", ours, "MB", peer)];
}

// From files to every slice's Hounsfield units: no networks, as many decoding workers as the peer.
async function reading(name, how) {
  const { folder, skip } = real(name);
  if (skip) {
    console.log(`skipped: ${skip}`);
    return [];
  }
  const [ours, theirs] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    ours.push(await read(folder));
    theirs.push(await readByPeer(folder));
  }
  const pace = (runs) => megabytes(folder) / median(runs.map((run) => run.seconds));
  const peak = (runs) => median(runs.map((run) => run.memory));
  const faster = { ...row(`${name}, ${how}: reading`, "2 workers", pace(ours), "MB/s", pace(theirs)), ratio: rounded(pace(ours) / pace(theirs)) };
  return [faster, row(`${name}: most memory while reading`, "2 workers", peak(ours), "MB", peak(theirs))];
}

const files = (folder) =>
  readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)).filter((file) => statSync(file).isFile());

function sizes() {
  const weights = path.join(DIST, "models");
  // What there is of the page, as compressed by the build; of the workers a visit needs one before the first answer.
  const documents = /\.(br|gz|sha256)$|_headers$|404\.html$|licences\.txt$|sbom\.json$/;
  const page = files(DIST).filter((file) => !file.startsWith(weights) && !documents.test(file));
  const [withGpu, plain] = [/^corsai-worker-gpu-/, /^corsai-worker-[0-9a-f]{16}\./].map((pattern) => (file) => pattern.test(path.basename(file)));
  const compressed = (file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size;
  const sum = (list, of) => list.reduce((total, file) => total + of(file), 0) / 1e6;
  return [
    row("page and worker, brotli", "–", sum(page.filter((file) => !withGpu(file) && !plain(file)), compressed), "MB"),
    row("worker without relaxed SIMD, brotli", "–", sum(page.filter(plain), compressed), "MB"),
    row("worker with a GPU, brotli", "–", sum(page.filter(withGpu), compressed), "MB"),
    row("weights", "–", sum(files(weights), (file) => statSync(file).size), "MB"),
  ];
}

function print(rows) {
  const cells = rows.map((r) => [r.name, r.backend, `${r.ours} ${r.unit}`, r.peer === null ? "–" : `${r.peer} ${r.unit}`, r.ratio ?? "–"].map(String));
  const table = [["what", "backend", "ours", "peer", "ratio"], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  for (const line of table) console.log(line.map((cell, column) => cell.padEnd(widths[column])).join("  "));
}

const rows = [
  ...sizes(),
  ...(await networks()),
  ...(await reading("covid-P001", "JPEG Lossless")),
  ...(await reading("lungdx-A0001-5mm", "uncompressed")),
  ...(await study("covid-P001")),
  ...(await large()),
];
print(rows);
const target = fileURLToPath(new URL("../target", import.meta.url));
mkdirSync(target, { recursive: true });
writeFileSync(path.join(target, "bench.json"), `${JSON.stringify(rows, null, 2)}\n`);
