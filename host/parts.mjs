// What the page is made of: every crate that is compiled into it, from the lock file, and the weights. Once for machines
// (CycloneDX, an SBOM), once for people, with the licences of code and of weights kept apart.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OURS = ["corsai-app", "corsai-worker"];

// The crates that page and worker link, ours among them; those that only run while building are not in the page.
function crates() {
  const options = ["metadata", "--locked", "--format-version", "1", "--features", "corsai-worker/gpu", "--filter-platform", "wasm32-unknown-unknown"];
  const told = execFileSync("cargo", options, { cwd: ROOT, maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] });
  const { packages, resolve } = JSON.parse(told);
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const isMacro = new Set(packages.filter(({ targets }) => targets.some(({ kind }) => kind.includes("proc-macro"))).map(({ id }) => id));
  const found = new Set();
  const waiting = packages.filter(({ name }) => OURS.includes(name)).map(({ id }) => id);
  while (waiting.length > 0) {
    const id = waiting.pop();
    if (found.has(id) || isMacro.has(id)) continue;
    found.add(id);
    const normal = nodes.get(id).deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null));
    waiting.push(...normal.map(({ pkg }) => pkg));
  }
  const order = (a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1);
  return packages.filter(({ id }) => found.has(id)).sort(order);
}

// The lock file's checksums, by "name version".
function checksums() {
  const blocks = readFileSync(new URL("../Cargo.lock", import.meta.url), "utf8").split("[[package]]");
  const field = (block, name) => block.match(new RegExp(`^${name} = "(.*)"$`, "m"))?.[1];
  return new Map(blocks.map((block) => [`${field(block, "name")} ${field(block, "version")}`, field(block, "checksum")]));
}

// A CycloneDX bill of materials, without a date or a serial number: same lock file, same bytes.
export function bill() {
  const sums = checksums();
  const components = crates().map(({ name, version, license, source }) => {
    const sum = sums.get(`${name} ${version}`);
    return {
      type: "library",
      name,
      version,
      ...(source && { purl: `pkg:cargo/${name}@${version}` }),
      ...(license && { licenses: [{ expression: license.replaceAll("/", " OR ") }] }),
      ...(sum && { hashes: [{ alg: "SHA-256", content: sum }] }),
    };
  });
  const weights = networks().map(({ name, licence, parts }) => ({
    type: "machine-learning-model",
    name,
    version: createHash("sha256").update(parts.map(({ sha256 }) => sha256).join("")).digest("hex").slice(0, 16),
    licenses: [{ license: { name: licence } }],
    ...(parts.length === 1 && { hashes: [{ alg: "SHA-256", content: parts[0].sha256 }] }),
  }));
  return `${JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.5", version: 1, components: [...components, ...weights] }, null, 1)}\n`;
}

const networks = () => JSON.parse(readFileSync(new URL("../models/manifest.json", import.meta.url), "utf8")).networks;

// The licences in words.
export function licences() {
  const mine = readFileSync(new URL("../Cargo.toml", import.meta.url), "utf8").match(/^license = "(.*)"$/m)[1];
  const lines = [
    "LICENCES",
    "",
    "1. This page's own code",
    "",
    `${mine}, at your choice.`,
    "",
    "2. The networks' weights",
    "",
    "They have learnt from images that bear terms of their own, which hold for the weights too, not for the code:",
    "",
    ...networks().map(({ name, licence }) => `${name}: ${licence}`),
    "",
    "3. Libraries compiled into the page",
    "",
    ...crates().filter(({ source }) => source).map(({ name, version, license }) => `${name} ${version}: ${license ?? "see its source"}`),
    "",
  ];
  return lines.join("\n");
}
