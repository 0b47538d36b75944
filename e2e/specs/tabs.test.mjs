// Two tabs: a newer version that one of them takes ends nothing in the other, which goes on with
// its own files.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PATIENCE_MS, open, visit } from "../lib/app.mjs";
import { stored } from "../lib/browser.mjs";
import * as faults from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";
import { takeNewer, updating } from "../lib/versions.mjs";

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
      await takeNewer(first);
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
