// The studies that the tests open: synthetic ones, written by the command line and spoilt here, and
// real ones where they are at hand. Everything made lies under e2e/out, which git ignores.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { TAG, changed, copied, text, value } from "./dicom.mjs";

export const OUT = fileURLToPath(new URL("../out", import.meta.url));
const STUDIES = path.join(OUT, "studies");

// A folder of the shared data, or the notice with which a test that needs it is skipped. With
// CORSAI_DATA=required no test is, and one whose data are missing fails (the same of native tests:
// `tests/lib.rs`).
export function data(...names) {
  const required = process.env.CORSAI_DATA === "required";
  const named = required ? undefined : process.env.CORSAI_DATA;
  const place = named ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
  const folder = path.join(place, ...names);
  if (required) return { folder };
  return existsSync(folder) ? { folder } : { skip: `there is no ${names.join("/")} here (CORSAI_DATA names the data's place)` };
}

// A real study.
export const real = (name) => data("dicom", name);

// The files of a folder of DICOM, in no order that matters.
export const filesOf = (folder) => readdirSync(folder).filter((name) => !name.endsWith(".json")).map((n) => path.join(folder, n));

function emptyFolder(name) {
  const folder = path.join(STUDIES, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

// A synthetic patient's series on one date; a seed is a patient.
export function phantom(name, { left, right, date, slices, columns, seed }) {
  const cli = process.env.CORSAI_CLI;
  if (!cli) throw new Error("CORSAI_CLI must name the command line: run ./dev test");
  const folder = emptyFolder(name);
  const size = Object.entries({ slices, columns, seed }).flatMap(([name, value]) => (value ? [`--${name}`, `${value}`] : []));
  execFileSync(cli, ["phantom", folder, "--share-left", `${left}`, "--share-right", `${right}`, "--date", date, ...size], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}

// A good series, read once, from which the odd ones are made: its slices from feet to head.
export function slicesOf(folder) {
  const slices = filesOf(folder).map((file) => readFileSync(file));
  const height = (bytes) => Number(text(bytes, TAG.position).split("\\")[2]);
  return slices.sort((a, b) => height(a) - height(b));
}

// Returns the middle slices of a synthetic chest: fewer slices take less time.
export function middle(folder) {
  const slices = slicesOf(folder);
  return slices.slice(Math.round(slices.length * 0.3), Math.round(slices.length * 0.68));
}

// A study for tests that any study serves: lesions in both lungs, 12 thick slices. Measuring it
// takes a third of the time of the page's own synthetic study, which has 62 slices.
export const small = (name, { left = 0.08, right = 0.16, date = "20200420", seed } = {}) =>
  writeStudy(name, middle(phantom(`${name}-whole`, { left, right, date, seed, slices: 31, columns: 128 })));

// Writes files into a folder of their own. `files` is a list of bytes, or of [name, bytes].
export function writeStudy(name, files) {
  const folder = emptyFolder(name);
  files.forEach((file, index) => {
    const [name, bytes] = Array.isArray(file) ? file : [`${index}.dcm`, file];
    writeFileSync(path.join(folder, name), bytes);
  });
  return folder;
}

// ── Odd files ────────────────────────────────────────────────────────────────────────────────────

export const truncated = (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2));
export const withoutPixels = (bytes) => changed(bytes, { [TAG.pixels]: null });
export const asMagneticResonance = (bytes) => changed(bytes, { [TAG.modality]: "MR" });
export const asLocaliser = (bytes) => changed(copied(bytes, { suffix: ".7", further: 1 }), { [TAG.imageType]: "ORIGINAL\\PRIMARY\\LOCALIZER" });
export const asOtherSeries = (bytes) => copied(bytes, { suffix: ".8", series: ".8" });

// The slice at the same place with other pixels: a second reconstruction in the same series.
export function asOtherReconstruction(bytes) {
  const pixels = Buffer.from(value(bytes, TAG.pixels));
  for (let at = 0; at < pixels.length; at += 2) pixels.writeUInt16LE(Math.min(pixels.readUInt16LE(at) + 40, 4095), at);
  return changed(copied(bytes, { suffix: ".9" }), { [TAG.pixels]: pixels });
}

// The same picture under identifiers of its own.
export const asReexported = (bytes) => copied(bytes, { suffix: ".6", series: ".6" });

// A picture that doesn't say whose it is, of which study, or which one.
export const withoutIdentifiers = (bytes) => changed(bytes, { [TAG.sopInstance]: null, [TAG.patient]: null, [TAG.studyInstance]: null });

// A body without lungs: the lowest slice, which shows the abdomen, again and again.
export const abdomen = (lowest, count, millimetres) =>
  Array.from({ length: count }, (_, index) => copied(lowest, { suffix: `.${index + 1}`, further: index * millimetres }));
