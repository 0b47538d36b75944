// What the page is made of: every crate that is compiled into it, and the weights. For machines as
// a CycloneDX bill of materials (SBOM); host/licences.mjs writes the same for people.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const run = (program, ...options) =>
  execFileSync(program, options, { cwd: ROOT, maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] }).toString();
const cargo = (command, ...options) => run("cargo", command, "--locked", ...options);

export const sysroot = () => run("rustc", "--print", "sysroot").trim();

// The crates that page and worker link, ours among them, as `cargo metadata` describes them. `cargo
// tree` knows which: metadata resolves every optional dependency of the workspace. Macros and what
// else runs while building isn't linked.
function linked() {
  const [target, features] = ["wasm32-unknown-unknown", "corsai-worker/gpu,corsai-worker/relaxed"];
  const tree = ["-p", "corsai-app", "-p", "corsai-worker", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
  const lines = cargo("tree", ...tree, "--target", target, "--features", features).split("\n");
  const names = new Set(lines.map((line) => line.split(" ").slice(0, 2).join(" ").replace(" v", " ")));
  const { packages } = JSON.parse(cargo("metadata", "--format-version", "1", "--features", features, "--filter-platform", target));
  const order = (a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1);
  return packages.filter(({ name, version }) => names.has(`${name} ${version}`)).sort(order);
}
export const crates = linked();

// The lock file's checksums, by "name version".
function checksums() {
  const blocks = readFileSync(new URL("../Cargo.lock", import.meta.url), "utf8").split("[[package]]");
  const field = (block, name) => block.match(new RegExp(`^${name} = "(.*)"$`, "m"))?.[1];
  return new Map(blocks.map((block) => [`${field(block, "name")} ${field(block, "version")}`, field(block, "checksum")]));
}

// A CycloneDX bill of materials, without a date or a serial number: same lock file, same bytes.
export function bill() {
  const sums = checksums();
  const components = crates.map(({ name, version, license, source }) => {
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

export const networks = () => JSON.parse(readFileSync(new URL("../models/manifest.json", import.meta.url), "utf8")).networks;
