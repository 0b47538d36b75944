// After one visit the page opens and measures without a network. A newer version waits until no study is open.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PATIENCE_MS, open } from "../lib/app.mjs";
import { stored } from "../lib/browser.mjs";
import * as faulty from "../lib/faulty.mjs";

describe("offline", () => {
  it("opens and measures when the server has been stopped after one visit", async () => {
    const app = await open({ query: "?device=cpu&tier=quick" });
    try {
      await app.ready();
      await app.stopServer();
      await app.page.goto(`${app.address}?device=cpu`);
      await app.get("start").waitFor();
      await app.ready();
      await app.openPhantom();
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
    const script = () => ({ body: faulty.bytesOf("sw.js").toString().replace(/BUILD = "[^"]*"/, 'BUILD = "newer"') });
    const app = await open({ query: "?device=cpu&tier=quick", host: { answer: (name) => (newer && name === "sw.js" ? script() : null) } });
    try {
      await app.ready();
      const [before] = Object.keys((await stored(app.page)).cached).filter((name) => name.startsWith("corsai-page-"));
      newer = true;
      await app.page.reload();
      await app.get("newer").waitFor({ timeout: PATIENCE_MS });
      await app.openPhantom();
      await app.get("newer").waitFor({ state: "detached" });
      assert.equal(await app.outcome(), "finished");
      assert.ok((await stored(app.page)).cached[before], "the old version is in use");
      await app.click("close-study");
      await Promise.all([app.page.waitForNavigation(), app.click("take-newer")]);
      await app.ready();
      const pages = Object.keys((await stored(app.page)).cached).filter((name) => name.startsWith("corsai-page-"));
      assert.deepEqual(pages, ["corsai-page-newer"]);
    } finally {
      await app.close();
    }
  });

  it("keeps no page of which one file is another, and works all the same", async () => {
    const app = await open({ query: "?device=cpu&tier=quick", host: faulty.always(/^icon\.svg$/, faulty.corrupt) });
    try {
      await app.get("privacy-ready").filter({ hasText: "keeps nothing for a later visit" }).waitFor({ state: "attached", timeout: PATIENCE_MS });
      const { cached } = await stored(app.page);
      assert.deepEqual(Object.keys(cached), ["corsai-weights"]);
    } finally {
      await app.close();
    }
  });
});
