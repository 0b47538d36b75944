// Two tabs: a newer version that one of them takes ends nothing in the other, which goes on with
// its own files.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";

import { PATIENCE_MS, open, visit } from "../lib/app.mjs";
import { stored } from "../lib/browser.mjs";
import * as faults from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";

// A host that has a newer build once `state.newer` is set: the same files below other names, as
// hashed names differ, and the older ones gone.
function updating(state) {
  const renamed = (text) => text.replace(/\b(assets|worker)\//g, "$1-new/");
  const index = Buffer.from(renamed(faults.bytesOf("index.html").toString()));
  const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  return {
    answer: (name) => {
      if (!state.newer) return null;
      if (name === "" || name === "index.html") return { body: index };
      if (/^(assets|worker)-new\//.test(name)) return { body: faults.bytesOf(name.replace("-new/", "/")) };
      if (/^(assets|worker)\//.test(name)) return { status: 404, body: "gone with the older build" };
      if (name !== "sw.js") return null;
      const text = renamed(faults.bytesOf(name).toString()).replace(/BUILD = "[^"]*"/, 'BUILD = "newer"');
      return { body: text.replaceAll(integrity(faults.bytesOf("index.html")), integrity(index)) };
    },
  };
}

const pages = async (page) => Object.keys((await stored(page)).cached).filter((name) => name.startsWith("corsai-page-"));
const finished = async (app) => assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
const waitForPages = (page, count) =>
  page.waitForFunction(async (count) => (await caches.keys()).filter((name) => name.startsWith("corsai-page-")).length === count, count, { timeout: PATIENCE_MS });

describe("a newer version", () => {
  it("that one tab takes leaves the other its study and its own files, until it is loaded anew", async () => {
    const state = { newer: false };
    const folder = small("tabs");
    const first = await open({ query: "?device=cpu&tier=quick", host: updating(state) });
    try {
      await first.ready();
      const second = await first.another("?device=cpu&tier=quick");
      await second.ready();
      await second.openFolder(folder);
      await finished(second);
      state.newer = true;
      await first.page.reload();
      await first.get("newer").waitFor({ timeout: PATIENCE_MS });
      await Promise.all([first.page.waitForNavigation(), first.click("take-newer")]);
      await first.ready();
      assert.equal((await pages(first.page)).length, 2, "the older one is in use");

      // Another worker, as for the next study, for a worker that died, and for a compute worker.
      assert.ok((await second.lung("both")).share > 5, "the study is there still");
      await second.click("close-study");
      await second.openFolder(folder);
      await finished(second);
      assert.deepEqual(second.problems, []);

      await second.click("close-study");
      await Promise.all([second.page.waitForNavigation(), second.click("take-newer")]);
      await second.ready();
      await waitForPages(second.page, 1);
      assert.deepEqual(await pages(second.page), ["corsai-page-newer"]);
      await second.openFolder(folder);
      await finished(second);
    } finally {
      await first.close();
    }
  });
});

describe("a worker whose script is gone", () => {
  it("is said to be that, and not the browser's fault", () =>
    visit({ host: faults.always(/^worker\//, faults.status(404)) }, async (app) => {
      const notice = app.get("notices").filter({ hasText: /could not be loaded.*reload the page/ });
      await notice.waitFor({ timeout: PATIENCE_MS });
      assert.equal(await app.page.getByText("This browser can't start").count(), 0);
    }));
});
