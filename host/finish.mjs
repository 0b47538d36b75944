// The last step of a build: makes dist/ of what Trunk wrote into target/trunk. Files get into
// folders by how they are served, and content hashes into their paths; then come the service
// worker's list, checksums, the list of all parts, and each file compressed. Same input, same
// bytes.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import { underscore } from "./configs.mjs";
import { META_POLICY } from "./headers.mjs";
import { licences } from "./licences.mjs";
import { bill } from "./parts.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FROM = path.join(ROOT, "target/trunk");
const TO = path.join(ROOT, "dist");

// What free static hosts take.
const BYTES_MAX = 24 * 2 ** 20;

const hash = (algorithm, bytes, as) => createHash(algorithm).update(bytes).digest(as);
const short = (bytes) => hash("sha256", bytes, "hex").slice(0, 16);
const integrity = (bytes) => `sha384-${hash("sha384", bytes, "base64")}`;
const from = (name) => readFileSync(path.join(FROM, name));

// Everything in dist/, by path.
const dist = new Map();

// Puts a text in place of another, which has to be there.
function put(text, old, fresh) {
  if (!text.includes(old)) throw new Error(`"${old}" isn't where it was`);
  return text.replaceAll(old, () => fresh);
}

// ── Page and worker ──────────────────────────────────────────────────────────────────────────────

let page = from("index.html").toString();
const take = (name, to) => {
  dist.set(to, from(name));
  return to;
};

for (const name of readdirSync(FROM).filter((name) => /-[0-9a-f]{8,}(_bg)?\.(css|js|wasm)$/.test(name))) {
  page = put(page, `./${name}`, `./${take(name, `assets/${name}`)}`);
}

// A worker is one script: its policy forbids it to import another. There are three: what only a
// graphics processor needs is left out of those for browsers without, and not every one of these
// knows relaxed SIMD.
function computing(name) {
  const glue = from(`${name}.js`).toString();
  if (!/^export \{.*__wbg_init as default.*\};$/m.test(glue)) throw new Error("wasm-bindgen's exports aren't where they were");
  if (/^import /m.test(glue)) throw new Error("the module's glue imports another script");
  const bare = glue.replace(/^export \{.*\};$/gm, "").replace(/^export (?=(async )?function|class|const|let)/gm, "");
  const script = Buffer.from(put(from("worker.js").toString(), 'import init from "./corsai-worker.js";', `const init = __wbg_init;\n\n${bare}`));
  // It starts its compute workers by its own name, without the hash.
  const worker = `worker/${short(script)}/worker.js`;
  dist.set(worker, script);
  const wasm = `${name}_bg.wasm`;
  return { worker, module: take(wasm, `assets/${name}-${short(from(wasm))}.wasm`) };
}

const [cpu, relaxed, gpu] = ["corsai-worker", "corsai-worker-relaxed", "corsai-worker-gpu"].map(computing);
const boot = take("boot.js", `assets/boot-${short(from("boot.js"))}.js`);

const manifest = readFileSync(path.join(ROOT, "models/manifest.json"));
for (const { file, sha256 } of JSON.parse(manifest).networks.flatMap((network) => network.parts)) {
  if (hash("sha256", from(`models/${file}`), "hex") !== sha256) throw new Error(`${file} isn't what the manifest says`);
  take(`models/${file}`, `models/${file}`);
}

// Names all code and weights: the paths hold hashes, but for the weights', which are the
// manifest's.
const build = short([...dist].map(([name, bytes]) => `${hash("sha256", bytes, "hex")}  ${name}\n`).sort().join(""));

for (const name of ["404.html", "icon.svg", "manifest.json"]) take(name, name);
dist.set("sbom.json", Buffer.from(bill()));
dist.set("licences.txt", Buffer.from(licences()));

const toldOf = (prefix, { worker, module }) => ({
  [`${prefix}worker`]: `./${worker}`,
  [`${prefix}worker-integrity`]: integrity(dist.get(worker)),
  [`${prefix}module`]: `./${module}`,
  [`${prefix}module-integrity`]: integrity(dist.get(module)),
});
const wasm = page.match(/<link rel="preload" href="([^"]+\.wasm)"[^>]*integrity="([^"]+)"/);
const attributeValues = {
  src: `./${boot}`,
  integrity: integrity(dist.get(boot)),
  "data-wasm-integrity": wasm[2],
  ...toldOf("data-", cpu),
  ...toldOf("data-relaxed-", relaxed),
  ...toldOf("data-gpu-", gpu),
  "data-build": build,
};
const attributes = Object.entries(attributeValues).map(([name, value]) => `${name}="${value}"`).join(" ");
page = put(page, `src="boot.js"`, attributes);
page = put(page, "<head>", `<head>\n    <meta http-equiv="Content-Security-Policy" content="${META_POLICY}" />`);
dist.set("index.html", Buffer.from(page));

// ── What a service worker keeps ──────────────────────────────────────────────────────────────────

// Weights are kept by the page; the documents are read where there is a network.
const DOCUMENTS = ["404.html", "licences.txt", "sbom.json"];
const cachedFiles = [...dist.keys()].filter((name) => !name.startsWith("models/") && !DOCUMENTS.includes(name)).sort();
const list = cachedFiles.map((name) => [name === "index.html" ? "./" : name, integrity(dist.get(name))]);
const files = JSON.stringify(list);
let keeper = put(from("sw.js").toString(), "const FILES = [];", `const FILES = ${files};`);
keeper = put(keeper, 'const BUILD = "";', `const BUILD = "${short(files)}";`);
dist.set("sw.js", Buffer.from(keeper));

// ── Out ──────────────────────────────────────────────────────────────────────────────────────────

const names = [...dist.keys()].sort();
const large = names.filter((name) => dist.get(name).length > BYTES_MAX);
if (large.length > 0) throw new Error(`larger than ${BYTES_MAX} bytes: ${large}`);
dist.set("_headers", Buffer.from(underscore([...names, "dist.sha256"])));

// Weights are noise to a compressor, and a part of a compressed file is no part of the file.
const packed = names.filter((name) => !name.startsWith("models/") && dist.get(name).length > 1024);
const [brotlied, gzipped] = [brotliCompress, gzip].map(promisify);
await Promise.all(
  packed.map(async (name) => {
    const bytes = dist.get(name);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    dist.set(`${name}.br`, await brotlied(bytes, { params }));
    dist.set(`${name}.gz`, await gzipped(bytes, { level: 9 }));
  }),
);
const sums = [...dist.keys()].sort().map((name) => `${hash("sha256", dist.get(name), "hex")}  ${name}\n`);
dist.set("dist.sha256", Buffer.from(sums.join("")));

rmSync(TO, { recursive: true, force: true });
for (const [name, bytes] of dist) {
  mkdirSync(path.dirname(path.join(TO, name)), { recursive: true });
  writeFileSync(path.join(TO, name), bytes);
}
