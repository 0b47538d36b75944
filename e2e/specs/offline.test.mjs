// After one visit the page opens and measures without a network. A newer version waits until no
// study is open.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { PATIENCE_MS, open } from "../lib/app.mjs";
import { stored } from "../lib/browser.mjs";
import * as faults from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";

describe("offline", () => {
  let folder;
  before(() => (folder = small("offline")));

  it("opens and measures when the server has been stopped after one visit", async () => {
    const app = await open({ query: "?device=cpu&tier=quick" });
    try {
      await app.ready();
      await app.stopServer();
      await app.page.goto(`${app.address}?device=cpu`);
      await app.get("start").waitFor();
      await app.ready();
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      // And once more after the worker has been ended.
      await app.click("close-study");
      await app.openPhantom();
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    } finally {
      await app.close();
    }
  });

  it("can be installed", async () => {
    const app = await open();
    try {
      await app.ready();
      const session = await app.page.context().newCDPSession(app.page);
      const { errors } = await session.send("Page.getAppManifest");
      assert.deepEqual(errors, []);
      // Windows that keep nothing, as the tests' are, can't install anything.
      const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
      assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito"), []);
    } finally {
      await app.close();
    }
  });

  it("lets a newer version in when no study is open and a person says so", async () => {
    let newer = false;
    const script = () => ({ body: faults.bytesOf("sw.js").toString().replace(/BUILD = "[^"]*"/, 'BUILD = "newer"') });
    const app = await open({ query: "?device=cpu&tier=quick", host: { answer: (name) => (newer && name === "sw.js" ? script() : null) } });
    try {
      await app.ready();
      const [before] = Object.keys((await stored(app.page)).cached).filter((name) => name.startsWith("corsai-page-"));
      newer = true;
      await app.page.reload();
      await app.get("newer").waitFor({ timeout: PATIENCE_MS });
      await app.openFolder(folder);
      await app.get("newer").waitFor({ state: "detached" });
      assert.equal(await app.outcome(), "finished");
      assert.ok((await stored(app.page)).cached[before], "the old version is in use");
      await app.click("close-study");
      await Promise.all([app.page.waitForNavigation(), app.click("take-newer")]);
      await app.ready();
      // The older one goes once no tab runs it.
      await app.page.waitForFunction(async (before) => !(await caches.has(before)), before, { timeout: PATIENCE_MS });
      const pages = Object.keys((await stored(app.page)).cached).filter((name) => name.startsWith("corsai-page-"));
      assert.deepEqual(pages, ["corsai-page-newer"]);
    } finally {
      await app.close();
    }
  });

  it("stays with its version where a newer one can't be had whole", async () => {
    let newer = false;
    const host = {
      answer: (name) => {
        if (newer && name === "sw.js") return { body: faults.bytesOf(name).toString().replace(/BUILD = "[^"]*"/, 'BUILD = "newer"') };
        return newer && name === "icon.svg" ? faults.corrupt(name) : null;
      },
    };
    const app = await open({ query: "?device=cpu&tier=quick", host });
    try {
      await app.ready();
      const before = Object.keys((await stored(app.page)).cached);
      newer = true;
      await app.page.reload();
      await app.ready();
      await app.page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration.update().catch(() => {});
        while (registration.installing) await new Promise((resolve) => setTimeout(resolve, 100));
      });
      assert.deepEqual(Object.keys((await stored(app.page)).cached), before);
      assert.equal(await app.get("newer").count(), 0);
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished");
    } finally {
      await app.close();
    }
  });

  it("can be repaired: thrown away and loaded anew", async () => {
    const app = await open({ query: "?device=cpu&tier=quick" });
    try {
      await app.ready();
      const spoilt = await app.page.evaluate(async () => {
        const cache = await caches.open((await caches.keys()).find((name) => name.startsWith("corsai-page-")));
        const [key] = (await cache.keys()).filter(({ url }) => url.includes("corsai-app") && url.endsWith(".wasm"));
        await cache.put(key, new Response("not wasm", { headers: { "Content-Type": "application/wasm" } }));
        return key.url;
      });
      await app.click("privacy-open");
      const [request] = await Promise.all([app.page.waitForRequest(spoilt), app.click("repair")]);
      assert.ok(request);
      await app.ready();
      const whole = await app.page.evaluate(async (url) => (await (await caches.match(url)).arrayBuffer()).byteLength > 100_000, spoilt);
      assert.ok(whole, "the page's own copy is right again");
    } finally {
      await app.close();
    }
  });

  it("keeps no page of which one file is another, and works all the same", async () => {
    const app = await open({ query: "?device=cpu&tier=quick", host: faults.always(/^icon\.svg$/, faults.corrupt) });
    try {
      await app.get("privacy-ready").filter({ hasText: "Nothing is kept here for a later visit" }).waitFor({ state: "attached", timeout: PATIENCE_MS });
      const { cached } = await stored(app.page);
      assert.deepEqual(Object.keys(cached), ["corsai-weights"]);
    } finally {
      await app.close();
    }
  });
});
