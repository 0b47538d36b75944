// How many networks run on how many slices, stopped early and in full, and whether the masks are
// the same: a tier (`TIER`, the full one unless it says otherwise) by the command line
// (`CORSAI_CLI`), on real studies and on synthetic ones. Prints a table.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { phantom, real } from "../lib/studies.mjs";

const tier = process.env.TIER ?? "full";
const place = mkdtempSync(path.join(tmpdir(), "corsai-effort-"));

function analysed(folder, ...how) {
  const [report, masks] = ["report.json", "masks"].map((name) => path.join(place, name));
  rmSync(masks, { recursive: true, force: true });
  const begun = performance.now();
  execFileSync(process.env.CORSAI_CLI, ["analyse", folder, "--tier", tier, "--device", "cpu", "--json", report, "--masks", masks, ...how], { stdio: "ignore" });
  const seconds = (performance.now() - begun) / 1000;
  const { runs } = JSON.parse(readFileSync(report));
  const lesions = runs.networks.filter(({ name }) => !name.startsWith("lungs"));
  return {
    seconds,
    slices: runs.slices,
    networks: lesions.reduce((sum, { slices }) => sum + slices, 0),
    masks: readdirSync(masks).sort().map((name) => readFileSync(path.join(masks, name)).toString("base64")).join(),
  };
}

const studies = ["covid-P001", "normal-001"].filter((name) => !real(name).skip).map((name) => [name, real(name).folder]);
for (const percent of [10, 40, 80]) {
  const share = percent / 100;
  studies.push([`phantom, ${percent} %`, phantom(`effort-${percent}`, { left: share, right: share, date: "20260101" })]);
}
console.log("| study | slices with lung | runs of lesion networks, stopped early / full | ratio | seconds | masks |\n|---|---|---|---|---|---|");
for (const [name, folder] of studies) {
  const [early, full] = [analysed(folder), analysed(folder, "--full-run")];
  const ratio = (full.networks / early.networks).toFixed(1);
  const seconds = `${early.seconds.toFixed(0)} / ${full.seconds.toFixed(0)}`;
  const masks = early.masks === full.masks ? "the same files" : "DIFFERENT";
  console.log(`| ${name} | ${early.slices} | ${early.networks} / ${full.networks} | ${ratio} | ${seconds} | ${masks} |`);
}
rmSync(place, { recursive: true });
