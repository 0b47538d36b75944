// The networks' weights from hosts that fail and in browsers that keep nothing: each time
// recovered, or refused in words.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { PATIENCE_MS, visit } from "../lib/app.mjs";
import * as faults from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";

const PART = /^models\/fpn/;

const words = (app, text) => app.get("weights").filter({ hasText: text }).waitFor({ timeout: PATIENCE_MS });
const loaded = (app) => words(app, "Networks loaded");
const asked = (app) => app.requests.filter(({ url }) => PART.test(url.slice(1)));

describe("weights", () => {
  let folder;
  before(() => (folder = small("weights")));

  it("go on from where the connection broke", () =>
    visit({ host: faults.failing(PART, faults.cutOff) }, async (app) => {
      await loaded(app);
      const [first, second, ...more] = asked(app);
      assert.equal(first.headers.range, undefined);
      assert.match(second.headers.range, /^bytes=\d{6,}-$/);
      assert.deepEqual(more, []);
    }));

  it("show how many bytes of them have come", () => {
    let go;
    const goes = new Promise((resolve) => (go = resolve));
    const halting = async (name, request, response) => {
      const bytes = faults.bytesOf(name);
      const half = bytes.length >> 1;
      response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes.length });
      response.write(bytes.subarray(0, half));
      await goes;
      return new Promise((resolve) => response.end(bytes.subarray(half), () => resolve(null)));
    };
    return visit({ host: faults.failing(PART, halting) }, async (app) => {
      await words(app, /Loading the networks: [1-9][0-9.]*.MB of [0-9.]+.MB/);
      go();
      await loaded(app);
      assert.equal(asked(app).length, 1);
    });
  });

  it("are asked for without credentials, referrer or query", () => {
    const prepare = (page) => page.context().addCookies([{ name: "who", value: "somebody", domain: "127.0.0.1", path: "/" }]);
    return visit({ prepare }, async (app) => {
      await loaded(app);
      assert.equal(app.requests[0].headers.cookie, "who=somebody");
      const [{ query, headers }] = asked(app);
      assert.deepEqual([query, headers.cookie, headers.referer], ["", undefined, undefined]);
    });
  });

  const recovered = {
    "one changed bit": faults.corrupt,
    "a file that is too short": faults.shorter,
    "a busy host": faults.status(503),
    "a web page in their place, once": faults.page,
    "a host that falls silent": faults.silent,
  };
  for (const [name, answer] of Object.entries(recovered)) {
    it(`survive ${name}`, () =>
      visit({ host: faults.failing(PART, answer) }, async (app) => {
        await loaded(app);
        assert.equal(asked(app).length, 2);
      }));
  }

  const refused = {
    "aren't there": [faults.status(404), /the host answered 404/],
    "are always another file": [faults.corrupt, /not those that this page was built with/],
    "can't be reached": [faults.dropped, /could not be reached/],
    "are a web page": [faults.page, /a web page in place of the weights/],
    "end too early": [faults.shorter, /bytes arrived instead of \d+/],
  };
  for (const [name, [answer, reason]] of Object.entries(refused)) {
    it(`that ${name} are refused in words`, () =>
      visit({ host: faults.always(PART, answer) }, async (app) => {
        await words(app, "could not be loaded yet");
        await app.openFolder(folder);
        assert.equal(await app.outcome(), "no number");
        const issue = (await app.issues()).find(({ code }) => code === "weights.unavailable");
        assert.match(issue.text, reason);
        assert.equal(await app.get("severity").count(), 0);
      }));
  }

  it("are tried again when a study needs them", () => {
    let gone = true;
    const host = { answer: (name, ...rest) => (gone && PART.test(name) ? faults.status(502)(name, ...rest) : null) };
    return visit({ host }, async (app) => {
      await words(app, "could not be loaded yet");
      gone = false;
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    });
  });

  it("that have rotted in the browser's cache are fetched anew", () =>
    visit({}, async (app) => {
      await app.ready();
      await app.page.evaluate(async () => {
        const cache = await caches.open("corsai-weights");
        const key = (await cache.keys()).find(({ url }) => url.includes("/fpn"));
        const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
        bytes[1000] ^= 1;
        await cache.put(key, new Response(bytes));
      });
      await app.page.reload();
      await loaded(app);
      const intact = await app.page.evaluate(async () => {
        const cache = await caches.open("corsai-weights");
        const key = (await cache.keys()).find(({ url }) => url.includes("/fpn"));
        const digest = await crypto.subtle.digest("SHA-256", await (await cache.match(key)).arrayBuffer());
        const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        return key.url.endsWith(hex);
      });
      assert.ok(intact, "they are right again");
    }));

  const unkept = {
    "is full": () => { Cache.prototype.put = async () => { throw new DOMException("", "QuotaExceededError"); }; },
    "is forbidden": () => { CacheStorage.prototype.open = async () => { throw new DOMException("", "SecurityError"); }; },
    "isn't there": () => { delete Window.prototype.caches; Object.defineProperty(window, "caches", { value: undefined }); },
  };
  for (const [name, broken] of Object.entries(unkept)) {
    it(`work where the browser's cache ${name}, and the page says that they aren't kept`, () =>
      visit({ prepare: (page) => page.addInitScript(broken) }, async (app) => {
        await words(app, "not kept for the next visit");
        assert.deepEqual(app.problems, []);
      }));
  }

  it("are fetched once for two tabs", () => {
    const host = { answer: async (name) => (PART.test(name) ? new Promise((resolve) => setTimeout(resolve, 3000, null)) : null) };
    return visit({ host }, async (app) => {
      const other = await app.another("?device=cpu&tier=quick");
      await Promise.all([loaded(app), loaded(other)]);
      assert.equal(asked(app).length, 1);
    });
  });
});
