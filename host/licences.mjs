// The licences of code and weights, with their texts and notices as they are in each crate. Each
// text stands once; where a crate ships none, SPDX's text of its licence stands in, beside the
// authors that the crate names.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { crates, networks, sysroot } from "./parts.mjs";

// The build's npm packages are those that e2e/package.json names.
const spdx = createRequire(new URL("../e2e/package.json", import.meta.url))("spdx-license-list/full.js");
const ROOT = fileURLToPath(new URL("..", import.meta.url));

// LICENSE, LICENCE-MIT, UNLICENSE, COPYING.txt, NOTICE.md, COPYRIGHT, PATENTS, LICENSES/MIT.txt: no
// source code.
const NOTICE = /(^|\/)((un)?licen[sc]es?|copying|copyright|notice|patents)([-_.\w]*|\/[^/]+)$/i;
const CODE = /\.(c|h|html|json|py|rs|toml|wgsl|ya?ml)$/i;
// What was a link to another folder before it was packed; what is shorter than any licence.
const POINTER = /^\s*[\w./-]*\s*$/;
const TEXT_CHARACTERS = 400;

const read = (...names) => readFileSync(path.join(...names), "utf8");
const words = (text) => text.replace(/\s+/g, " ").trim();

// The texts, each with its number; those that differ in spaces only are one.
const texts = new Map();
function numbered(text) {
  const key = words(text);
  const clean = text.replace(/^\uFEFF/, "").replace(/[^\S\n]+$/gm, "").replace(/^\n+|\n+$/g, "");
  if (!texts.has(key)) texts.set(key, { number: texts.size + 1, text: clean });
  return texts.get(key).number;
}

// "texts 1, 2"
function cited(list) {
  const numbers = [...new Set(list.map(numbered))].sort((a, b) => a - b);
  return `${numbers.length > 1 ? "texts" : "text"} ${numbers.join(", ")}`;
}

// SPDX's texts of the licences that an expression names.
const standard = (expression) => (expression.match(/[\w.+-]+/g) ?? []).flatMap((id) => spdx[id]?.licenseText ?? []);

function ofCrate({ name, version, license, license_file: file, authors, manifest_path: manifest, repository }) {
  const folder = path.dirname(manifest);
  const inside = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = inside.map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
  const notices = names.filter((one) => one === file || (NOTICE.test(one) && !CODE.test(one))).sort();
  const own = notices.map((one) => read(folder, one)).filter((text) => !POINTER.test(text));
  const whole = own.some((text) => words(text).length > TEXT_CHARACTERS);
  const all = whole ? own : [...own, ...standard(license ?? "")];
  if (!all.some((text) => words(text).length > TEXT_CHARACTERS)) throw new Error(`no licence text is known for ${name} ${version}`);
  const by = whole ? "" : `, by ${authors.join(", ") || "its authors"}`;
  return [`${name} ${version}: ${license ?? file}${by}; ${cited(all)}`, ...(repository ? [`  ${repository}`] : [])];
}

// The notices of Rust's standard library, which its toolchain brings as markup: what it says of its
// own files, and the crates in it with their texts.
function ofStandardLibrary() {
  const markup = read(sysroot(), "share/doc/rust/COPYRIGHT-library.html");
  const character = { amp: "&", lt: "<", gt: ">", quot: '"' };
  const plain = (part) =>
    part.replace(/<[^>]*>/g, "").replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) => (code ? String.fromCodePoint(code) : character[name]));
  const [about, ...parts] = markup.replace(/^[^]*<h2 id="longer-version">/, "").split("<h3>");
  const lines = plain(about).split("\n").map((line) => line.trim()).filter(Boolean);
  if (parts.length === 0) throw new Error("Rust's COPYRIGHT-library.html isn't as it was");
  const list = parts.map((part) => {
    const [, name] = part.match(/^\W*(\S+)<\/h3>/);
    const [, license] = part.match(/License:<\/b>([^<]*)</);
    const own = [...part.matchAll(/<pre>([^]*?)<\/pre>/g)].map(([, text]) => plain(text));
    return `${name}: ${plain(license).trim()}; ${cited(own.length > 0 ? own : standard(license))}`;
  });
  return [...lines, `Texts of its own licences: ${cited(standard("MIT Apache-2.0 Unicode-3.0 BSD-2-Clause"))}`, "", ...list];
}

// Same lock file and toolchain, same text.
export function licences() {
  const [, mine] = read(ROOT, "Cargo.toml").match(/^license = "(.*)"$/m);
  const parts = [
    "LICENCES",
    "",
    "Numbers are those of the texts at the end.",
    "",
    "1. This page's own code",
    "",
    `${mine}, at your choice; ${cited(["LICENSE-MIT", "LICENSE-APACHE"].map((name) => read(ROOT, name)))}`,
    "",
    "2. The networks' weights",
    "",
    "They have learnt from images that bear terms of their own, which hold for the weights too, not for the code:",
    "",
    ...networks().map(({ name, licence }) => `${name}: ${licence}; ${cited(standard(licence))}`),
    "",
    "3. Libraries compiled into the page",
    "",
    ...crates.filter(({ source }) => source).flatMap(ofCrate),
    "",
    "4. Rust's standard library, compiled into the page",
    "",
    ...ofStandardLibrary(),
    "",
  ];
  const list = [...texts.values()].flatMap(({ number, text }) => [`──── Text ${number} ${"─".repeat(60)}`, "", text, ""]);
  return [...parts, "5. Texts", "", ...list].join("\n");
}
