// Measures what a person waits for and what has to be downloaded, in the built dist/: `./dev bench`. Prints a table
// and writes target/bench.json. Times are medians of RUNS fresh browsers on this machine; no pace is asserted.
// The peers are onnxruntime-web with each of our networks on the same known slice, in the same page, and cornerstone's
// DICOM image loader with the same files; no peer does the whole job in a page. `ratio` is how much better we are: the
// peer's time, size or memory over ours, our pace over the peer's.

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { besidePeer, runtimes } from "./bench/peer.mjs";
import { megabytes, ours as read, theirs as readByPeer } from "./bench/reading.mjs";
import { STUDY_MS, open } from "./lib/app.mjs";
import { real } from "./lib/studies.mjs";
import { DIST } from "./server.mjs";

const RUNS = Number(process.env.RUNS ?? 3);
const BACKEND = "cpu";

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

// From the drop to: a slice on screen, colour on it (an overlay; a CT is grey), the finished card. Seconds.
async function drop(folder) {
  const app = await open({ query: `?device=${BACKEND}&tier=quick` });
  try {
    await app.get("weights").filter({ hasText: "Networks loaded" }).waitFor({ timeout: 60_000 });
    await app.page.evaluate(watch);
    await app.drop([folder], "dropzone");
    await app.page.waitForFunction(() => window.seen.finished, null, { timeout: STUDY_MS, polling: 500 });
    return await app.page.evaluate(() => window.seen);
  } finally {
    await app.close();
  }
}

// Runs in the page.
function watch() {
  const seen = (window.seen = {});
  let begun;
  const note = (what, there) => {
    if (there && !(what in seen)) seen[what] = (performance.now() - begun) / 1000;
  };
  const coloured = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4 * 7) {
      if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 40) return true;
    }
    return false;
  };
  const look = () => {
    const canvas = document.querySelector("[data-testid=canvas]");
    const drawn = canvas?.width > 0 && !document.querySelector(".stage-waiting");
    note("slice", drawn);
    if (!("overlay" in seen)) note("overlay", drawn && coloured(canvas));
    note("finished", document.querySelector("[data-testid=status]")?.textContent.startsWith("Finished"));
    if (!("finished" in seen)) setTimeout(look, 100);
  };
  addEventListener("drop", () => ((begun = performance.now()), look()), { capture: true, once: true });
}

async function study(name) {
  const { folder, skip } = real(name);
  if (skip) {
    console.log(`skipped: ${skip}`);
    return [];
  }
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await drop(folder));
  const time = (what, words) => row(`${name}: drop to ${words}`, BACKEND, median(runs.map((run) => run[what])), "s");
  return [time("slice", "first slice"), time("overlay", "first lung overlay"), time("finished", "severity card")];
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
  // What a visit downloads: the page and what its service worker keeps, as compressed by the build.
  const documents = /\.(br|gz|sha256)$|_headers$|404\.html$|licences\.txt$|sbom\.json$/;
  const page = files(DIST).filter((file) => !file.startsWith(weights) && !documents.test(file));
  const withGpu = (file) => path.basename(file).startsWith("corsai-worker-gpu-");
  const compressed = (file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size;
  const sum = (list, of) => list.reduce((total, file) => total + of(file), 0) / 1e6;
  return [
    row("page and worker, brotli", "–", sum(page.filter((file) => !withGpu(file)), compressed), "MB"),
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
];
print(rows);
const target = fileURLToPath(new URL("../target", import.meta.url));
mkdirSync(target, { recursive: true });
writeFileSync(path.join(target, "bench.json"), `${JSON.stringify(rows, null, 2)}\n`);
