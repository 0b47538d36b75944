// How dist/ is served: the tests' own server, nginx and Caddy with the shipped configurations, at a
// host's root and in a folder of it. Each answers every kind of file with the exact headers of
// host/headers.mjs, and nothing but GET and HEAD.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { EXAMPLES } from "../../host/configs.mjs";
import { ASK, FOREVER, HEADERS, POLICY, headersFor } from "../../host/headers.mjs";
import { STUDY_MS, open } from "../lib/app.mjs";
import { HOSTS } from "../lib/hosts.mjs";
import { DIST } from "../server.mjs";

const FILES = readdirSync(DIST, { recursive: true }).filter((name) => statSync(path.join(DIST, name)).isFile());
const bytesOf = (name) => readFileSync(path.join(DIST, name));
const one = (pattern) => FILES.find((name) => pattern.test(name));
const WEIGHTS = one(/^models\/.*\.bin$/);
const WASM = one(/^assets\/corsai-worker-[0-9a-f]{16}\.wasm$/);
const WORKER = one(/^worker\/.*\.js$/);
// One of each kind.
const KINDS = ["", "index.html", "sw.js", "manifest.json", "icon.svg", "sbom.json", "licences.txt", "dist.sha256", WEIGHTS, WASM, WORKER, one(/\.css$/), one(/boot.*\.js$/)];

// One answer, with its headers as they came and its body as it was sent.
function ask(address, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(address, { method, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    asked.on("error", reject).end();
  });
}

function assertHeaders(answer, address) {
  for (const [name, value] of Object.entries(headersFor(new URL(address).pathname, answer.status))) {
    assert.equal(answer.headers[name.toLowerCase()], value, `${name} of ${address}`);
  }
}

describe("dist/", () => {
  it("has host configurations beside its source that are as headers.mjs has them", () => {
    for (const [name, text] of Object.entries(EXAMPLES)) {
      const there = readFileSync(new URL(`../../host/${name}`, import.meta.url), "utf8");
      assert.equal(there, text, `run: node host/configs.mjs`);
    }
  });

  it("is what its checksums say, in parts of at most 24 MiB", () => {
    const sums = bytesOf("dist.sha256").toString().trim().split("\n").map((line) => line.split("  "));
    assert.deepEqual(sums.map(([, name]) => name).sort(), FILES.filter((name) => name !== "dist.sha256").sort());
    for (const [sum, name] of sums) assert.equal(createHash("sha256").update(bytesOf(name)).digest("hex"), sum, name);
    for (const name of FILES) assert.ok(statSync(path.join(DIST, name)).size <= 24 * 2 ** 20, name);
  });

  it("holds no script or style in its markup, and an integrity for all that the markup loads", () => {
    for (const name of ["index.html", "404.html"]) {
      const markup = bytesOf(name).toString();
      assert.doesNotMatch(markup, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|https?:\/\//i, name);
      for (const [tag] of markup.matchAll(/<(script|link)\b[^>]*>/g)) {
        const loads = /<script|rel="(stylesheet|preload|modulepreload)"/.test(tag);
        if (loads) assert.match(tag, /integrity="sha384-/, tag);
      }
    }
  });

  // Which crates are in it the wasm tells itself: its sentences for a panic name their files.
  it("has a licence's text and notices for every library in it", () => {
    const text = bytesOf("licences.txt").toString();
    const [, ...parts] = text.split(/^──── Text (\d+) ─+$/m);
    const texts = new Map(parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1].replace(/\s+/g, " ")]] : [])));
    const entries = new Map([...text.matchAll(/^(\S+ \S+): .*; texts? ([\d, ]+)$/gm)].map(([, name, numbers]) => [name, numbers.split(", ")]));
    const inside = new Set();
    for (const wasm of FILES.filter((name) => name.endsWith(".wasm"))) {
      const places = bytesOf(wasm).toString("latin1").matchAll(/registry\/src\/[^/]+\/([\w-]+?)-(\d+\.\d+\.\d+[\w.+-]*)\//g);
      for (const [, name, version] of places) inside.add(`${name} ${version}`);
    }
    assert.ok(inside.size > 20, `the wasm names ${[...inside]}`);
    const listed = JSON.parse(bytesOf("sbom.json")).components.filter(({ purl }) => purl).map(({ name, version }) => `${name} ${version}`);
    assert.deepEqual([...inside].filter((name) => !listed.includes(name)), [], "in the wasm and not in sbom.json");
    assert.deepEqual([...entries.keys()].sort(), listed.sort());
    const LICENCE = /Permission is hereby granted|Permission to use, copy|Apache License|Redistribution and use|Mozilla Public License|Boost Software License|public domain|provided 'as-is'|Creative Commons/i;
    for (const [name, numbers] of entries) {
      for (const number of numbers) assert.ok(texts.has(number), `text ${number} of ${name}`);
      assert.ok(numbers.some((number) => LICENCE.test(texts.get(number))), `${name} has texts ${numbers}`);
    }
    for (const [name] of text.matchAll(/^[\w-]+: CC-BY-NC-SA-3.0 .*$/gm)) assert.match(name, /; texts? \d/, "weights");
    for (const name of ["dlmalloc", "hashbrown"]) assert.match(text, new RegExp(`^${name}-[\\d.]+: .*; texts? \\d`, "m"), "Rust's standard library");
  });

  it("names no folder of the machine it was built on", () => {
    const home = process.env.CARGO_HOME ?? path.join(process.env.HOME, ".cargo");
    for (const name of FILES.filter((file) => /\.(wasm|js|html|json|txt)$/.test(file))) {
      assert.equal(bytesOf(name).includes(home), false, `${name} holds ${home}`);
    }
  });
});

describe("the rules of dist/_headers", () => {
  // As the hosts that read it apply them: every rule whose path fits, values of the same header
  // joined by a comma.
  const rules = [];
  for (const line of bytesOf("_headers").toString().split("\n").filter(Boolean)) {
    const [, name, value] = line.match(/^ +([^:]+): (.*)$/) ?? [];
    if (name) rules.at(-1).headers.push([name, value]);
    else rules.push({ fits: new RegExp(`^${line.replace(/[.?+^$()[\]{}|]/g, "\\$&").replaceAll("*", ".*")}$`), headers: [] });
  }
  it("give every file its headers, and two policies where one file has a stricter one", () => {
    for (const file of ["", ...FILES.filter((name) => !/^_headers|\.(br|gz)$/.test(name))]) {
      const given = {};
      for (const [name, value] of rules.filter(({ fits }) => fits.test(`/${file}`)).flatMap(({ headers }) => headers)) {
        (given[name] ??= []).push(value);
      }
      const { [POLICY]: policy, ...others } = headersFor(`/${file}`);
      for (const [name, value] of Object.entries(others)) assert.deepEqual(given[name], [value], `${name} of /${file}`);
      assert.ok(given[POLICY].includes(policy), file);
      assert.ok(given[POLICY].every((one) => [policy, HEADERS[POLICY]].includes(one)), file);
    }
  });
});

describe("the Dockerfile", () => {
  const text = (name) => readFileSync(new URL(`../../host/${name}`, import.meta.url), "utf8");
  const lines = text("Dockerfile").split("\n");
  it("builds with the toolchain that is pinned, and copies what is there to where Caddy looks for it", () => {
    const toolchain = readFileSync(new URL("../../rust-toolchain.toml", import.meta.url), "utf8").match(/channel = "(\d+\.\d+)/)[1];
    assert.ok(lines.includes(`FROM rust:${toolchain}-bookworm AS build`));
    const copied = Object.fromEntries(lines.flatMap((line) => [...line.matchAll(/^COPY --from=build \/corsai\/(\S+) (\S+)$/g)].map(([, from, to]) => [from, to])));
    assert.deepEqual(Object.keys(copied), ["host/Caddyfile", "dist"]);
    for (const from of Object.keys(copied)) assert.ok(existsSync(new URL(`../../${from}`, import.meta.url)), from);
    assert.match(EXAMPLES.Caddyfile, new RegExp(`root \\* ${copied.dist}\n`));
    const port = lines.find((line) => line.startsWith("EXPOSE ")).slice("EXPOSE ".length);
    assert.match(EXAMPLES.Caddyfile, new RegExp(`^:${port} \\{`, "m"));
  });
  it("leaves what was built outside the image outside", () => {
    const ignored = text("Dockerfile.dockerignore").split("\n");
    for (const name of ["dist", "target", "**/node_modules"]) assert.ok(ignored.includes(name), name);
  });
});

for (const [name, host] of Object.entries(HOSTS)) {
  for (const under of ["/", "/tools/ct/"]) {
    describe(`${name}, under ${under}`, { skip: host.skip }, () => {
      let served;
      before(async () => (served = await host.start(under)));
      after(() => served?.close());
      const get = (file, options) => ask(served.address + file, options);

      it("answers every kind of file with the right headers, whole", async () => {
        for (const file of KINDS) {
          const answer = await get(file);
          assert.equal(answer.status, 200, file);
          assertHeaders(answer, served.address + file);
          assert.equal(answer.body.equals(bytesOf(file || "index.html")), true, `${file} arrives whole`);
        }
        assert.equal((await get(WASM)).headers["content-type"], "application/wasm");
        assert.match((await get(WORKER)).headers["content-type"], /javascript/);
      });

      it("lets the computing part connect to nothing, and the page only to its own host", async () => {
        assert.match((await get(WORKER)).headers["content-security-policy"], /connect-src 'none'/);
        assert.match((await get("")).headers["content-security-policy"], /default-src 'none'.*connect-src 'self'/);
      });

      it("keeps for ever what bears a hash, and nothing else", async () => {
        for (const file of [WEIGHTS, WASM, WORKER]) assert.equal((await get(file)).headers["cache-control"], FOREVER);
        for (const file of ["", "sw.js", "models/none.bin"]) assert.equal((await get(file)).headers["cache-control"], ASK);
      });

      it("says that weights which aren't there aren't there", async () => {
        for (const file of ["models/none.bin", "worker/none.js", "none", "assets/"]) {
          const answer = await get(file);
          assert.equal(answer.status, 404, file);
          assertHeaders(answer, served.address + file);
          assert.doesNotMatch(answer.body.toString(), /data-wasm/, "not the page");
        }
      });

      it("answers GET and HEAD, and refuses all else", async () => {
        const head = await get(WEIGHTS, { method: "HEAD" });
        assert.deepEqual([head.status, head.body.length], [200, 0]);
        for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
          const answer = await get("", { method });
          assert.equal(answer.status, 405, method);
          assert.equal(answer.headers.allow, "GET, HEAD", method);
          assertHeaders(answer, served.address);
        }
      });

      it("sends what was compressed beforehand, and weights from any byte", async () => {
        for (const [encoding, ending] of [["gzip", ".gz"], ...(host.brotli ? [["br", ".br"]] : [])]) {
          const answer = await get(WASM, { headers: { "Accept-Encoding": encoding } });
          assert.equal(answer.headers["content-encoding"], encoding);
          assert.equal(answer.headers["content-type"], "application/wasm");
          assert.equal(answer.body.equals(bytesOf(WASM + ending)), true);
        }
        const part = await get(WEIGHTS, { headers: { Range: "bytes=1000-" } });
        assert.equal(part.status, 206);
        assert.equal(part.body.equals(bytesOf(WEIGHTS).subarray(1000)), true);
      });

      it("serves a page that starts, and gets its networks", async () => {
        const app = await open({ query: "?device=cpu&tier=quick", address: served.address });
        try {
          await app.ready();
          await app.get("device").waitFor({ state: "attached", timeout: STUDY_MS });
          assert.equal(await app.get("policy").getAttribute("data-guarded"), "true");
          assert.deepEqual(app.problems, []);
        } finally {
          await app.close();
        }
      });
    });
  }
}
