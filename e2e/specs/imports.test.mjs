// What the shipped wasm can ask a browser for, from its import lists: a module has no other way to
// the outside. The lists of web-sys' features and of imports are allow-lists: something new has to
// be put into them by hand, and so be seen.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";

import "../lib/relaxed.mjs";
import { DIST } from "../server.mjs";

const ROOT = path.join(DIST, "..");

// Import names without wasm-bindgen's hash, sorted: `__wbg_postMessage_0123456789abcdef` is
// postMessage.
function imports(crate) {
  const assets = path.join(DIST, "assets");
  const file = readdirSync(assets).find((name) => new RegExp(`^${crate}-[0-9a-f]{8,}(_bg)?\\.wasm$`).test(name));
  const module = new WebAssembly.Module(readFileSync(path.join(assets, file)));
  const names = WebAssembly.Module.imports(module).map(({ name }) => name.replace(/^__wbg_/, "").replace(/_[0-9a-f]{16}$/, ""));
  return [...new Set(names)].sort();
}

const list = (name) => readFileSync(new URL(`../imports/${name}.txt`, import.meta.url), "utf8").split("\n").filter((line) => line && !line.startsWith("#"));

function assertAllowed(found, name) {
  const known = new Set(list(name));
  assert.deepEqual(found.filter((one) => !known.has(one)), [], `not in e2e/imports/${name}.txt; if it may be there, add it`);
}

// Ways out, and places to leave something, by the names that web-sys gives their functions and
// types.
const OUT = /^(instanceof_)?(fetch|send|sendBeacon|beacon|XmlHttpRequest|WebSocket|EventSource|WebTransport|BroadcastChannel|Rtc\w*|importScripts|eval|new_no_args\w*|newnoargs|open_popup|cookie|set_cookie|indexedDB|IdbFactory|getDirectory|showSaveFilePicker)$/i;
const KEPT = /^(instanceof_)?(Request|Response|Cache|CacheStorage|caches|Storage|storage|localStorage|sessionStorage|setItem|createObjectURL|serviceWorker)$/;

// Those without a graphics processor differ in instructions alone.
const PARTS = [
  ["worker", "worker", "without a graphics processor"],
  ["worker-relaxed", "worker", "with relaxed SIMD"],
  ["worker-gpu", "worker-gpu", "with a graphics processor"],
];
for (const [name, allowed, words] of PARTS) {
  describe(`the wasm of the computing part ${words}`, () => {
    it("imports no function of a network or of a storage", () => {
      const found = imports(`corsai-${name}`);
      assert.ok(found.includes("postMessage"), "the list was read");
      assert.deepEqual(found.filter((one) => OUT.test(one) || KEPT.test(one)), []);
    });
    it("imports what is allowed, and nothing else", () => assertAllowed(imports(`corsai-${name}`), allowed));
  });
}

describe("the wasm of the page", () => {
  it("imports fetch for its own files, and no other way out", () => {
    const found = imports("corsai-app").filter((name) => OUT.test(name));
    assert.deepEqual(found, ["fetch"]);
  });
  it("imports what is allowed, and nothing else", () => assertAllowed(imports("corsai-app"), "app"));
});

describe("web-sys", () => {
  for (const [name, folder] of [["app", "app"], ["worker", "inference/worker"], ["channel", "inference/channel"]]) {
    it(`gives ${name} the features that are allowed, and no other`, () => {
      const manifest = readFileSync(path.join(ROOT, folder, "Cargo.toml"), "utf8");
      const features = manifest.match(/^web-sys = \{[^}]*features = \[([^\]]*)\]/m)[1].match(/\w+/g);
      assertAllowed(features, `features-${name}`);
      if (name !== "app") assert.deepEqual(features.filter((one) => /^(Request|Response|Cache|Storage|Idb|WebSocket|EventSource|Rtc|XmlHttp)/.test(one)), []);
    });
  }
});
