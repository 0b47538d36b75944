// While further networks vote, the study is being worked on as before: the tab asks before it is
// closed, other tabs are told, standstill is noticed, a worker that dies takes no number and no
// picture with it, and a download shows its bytes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { PATIENCE_MS, STUDY_MS, visit } from "../lib/app.mjs";
import { bytesOf } from "../lib/faulty.mjs";

const manifest = JSON.parse(readFileSync(new URL("../../models/manifest.json", import.meta.url)));
const further = manifest.networks.filter(({ tier }) => tier === "standard").flatMap(({ parts }) => parts.map(({ file }) => `models/${file}`));

const refining = (app, words = /run [1-9]/) => app.get("refining-detail").filter({ hasText: words }).waitFor({ timeout: STUDY_MS });
const finished = async (app) => assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));

const kill = async (app) => {
  const worker = app.page.workers()[0];
  await worker.evaluate(() => setTimeout(() => { throw new Error("ended by a test"); }));
  await new Promise((resolve) => worker.once("close", resolve));
};

const lungs = async (app) => [await app.lung("left"), await app.lung("right")];

describe("refining", { skip: further.length === 0 && "no network beyond the quick answer's is shipped" }, () => {
  it("is work that the tab asks about before it is closed, and that other tabs are told of for as long as it lasts", () =>
    visit({ query: "?device=cpu" }, async (app) => {
      const asked = [];
      app.page.on("dialog", (dialog) => (asked.push(dialog.type()), dialog.dismiss().catch(() => {})));
      await app.openPhantom();
      await finished(app);
      await refining(app);
      await app.page.close({ runBeforeUnload: true });
      await app.page.waitForTimeout(1000);
      assert.deepEqual(asked, ["beforeunload"]);

      const other = await app.another("?device=cpu");
      await other.openPhantom();
      await other.get("elsewhere").waitFor({ timeout: PATIENCE_MS });
      assert.ok(await app.get("refining").isVisible(), "the first is refining still");
      await app.click("stop-refining");
      await other.get("elsewhere").waitFor({ state: "detached", timeout: PATIENCE_MS });
      const working = (await other.get("progress").count()) + (await other.get("refining").count());
      assert.ok(working > 0, "the notice ended before the other's own work did");
      await app.get("refining").waitFor({ state: "detached" });
      await app.page.close({ runBeforeUnload: true });
      await other.page.waitForTimeout(1000);
      assert.deepEqual(asked, ["beforeunload"], "nothing runs any more in the first");
    }));

  it("leaves numbers and pictures when its worker dies, and goes on in another one", () =>
    visit({ query: "?device=cpu" }, async (app) => {
      await app.openPhantom();
      await finished(app);
      await refining(app);
      const before = await lungs(app);
      const slice = await app.slice();
      await kill(app);
      await app.get("notices").filter({ hasText: "was started anew" }).waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      assert.equal(await app.slice(), slice);
      await refining(app, /slice [1-9]|run [1-9]/);
      // A slice that wasn't at hand.
      await app.get("canvas").focus();
      await app.page.keyboard.press("End");
      await app.get("canvas").click();
      await app.page.locator(".stage-waiting").waitFor({ state: "detached", timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
    }));

  it("that dies again and again keeps its numbers, and can be measured again", () =>
    visit({ query: "?device=cpu" }, async (app) => {
      await app.openPhantom();
      await finished(app);
      await refining(app);
      const before = await lungs(app);
      for (let death = 0; death < 3; death += 1) {
        await refining(app, /file [1-9]|slice [1-9]|run [1-9]/);
        await kill(app);
        await app.page.waitForTimeout(2000);
      }
      await app.get("ended").waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      await app.click("measure-again");
      await app.get("ended").waitFor({ state: "detached" });
      await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
    }));

  it("that stands still is noticed, and can be ended: numbers stay and pictures come back", () => {
    // The page's clock, on which a minute passes in three seconds.
    const fast = () => {
      const now = Performance.prototype.now;
      Performance.prototype.now = function () { return now.call(this) * 20; };
    };
    return visit({ query: "?device=cpu", prepare: (page) => page.addInitScript(fast) }, async (app) => {
      await app.openPhantom();
      await finished(app);
      await refining(app);
      const before = await lungs(app);
      await app.page.workers()[0].evaluate(() => void setTimeout(() => { for (;;); }));
      await app.get("stalled").waitFor({ timeout: PATIENCE_MS });
      await app.click("stop-hard");
      assert.deepEqual(await lungs(app), before);
      await app.get("refining").waitFor({ timeout: PATIENCE_MS });
      await app.get("refining").waitFor({ state: "detached", timeout: STUDY_MS });
      assert.deepEqual(await lungs(app), before);
      assert.equal(await app.get("ended").count(), 0);
    });
  });

  it("shows the bytes of a network that it waits for, and can be stopped meanwhile", () => {
    // A slow line: a tenth now, and the rest when the test says so.
    let go;
    const goes = new Promise((resolve) => (go = resolve));
    const answer = async (name, request, response) => {
      if (name !== further[0]) return null;
      const bytes = bytesOf(name);
      response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes.length });
      response.write(bytes.subarray(0, bytes.length / 10));
      const drip = setInterval(() => response.write(""), 1000);
      await goes;
      clearInterval(drip);
      return new Promise((resolve) => response.end(bytes.subarray(bytes.length / 10), () => resolve(null)));
    };
    return visit({ host: { answer } }, async (app) => {
      await app.openPhantom();
      await finished(app);
      await app.click("refine");
      await refining(app, /loading a network: [0-9.]+.(k|M)B of [0-9.]+.MB/);
      await app.click("privacy-open");
      assert.match(await app.words("privacy-ready"), /it still works/);
      await app.page.keyboard.press("Escape");
      await app.click("stop-refining");
      await app.get("refining").waitFor({ state: "detached", timeout: PATIENCE_MS });
      go();
      await app.click("refine");
      await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
    }).finally(go);
  });
});

describe("an earlier study whose worker dies", () => {
  it("takes neither numbers nor pictures of the other with it", () =>
    visit({}, async (app) => {
      await app.openPhantom();
      await finished(app);
      const before = await lungs(app);
      await app.click("add-earlier");
      await app.click("phantom-worse");
      await app.get("progress-stage").filter({ hasText: /Earlier study: (Finding|Decoding|Reading)/ }).waitFor({ timeout: STUDY_MS });
      await kill(app);
      await app.get("notices").filter({ hasText: "was started anew" }).waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      await app.get("verdict").waitFor({ timeout: STUDY_MS });
      assert.deepEqual(await lungs(app), before);
      await app.get("canvas").focus();
      await app.page.keyboard.press("Home");
      await app.page.locator(".stage-waiting").waitFor({ state: "detached", timeout: PATIENCE_MS });
      assert.equal(await app.get("ended").count(), 0);
    }));
});

describe("a stopped study", () => {
  it("says so, tells which slices were not read, and is measured again without being dropped anew", () =>
    visit({}, async (app) => {
      await app.openPhantom();
      await app.get("progress-stage").filter({ hasText: "Decoding" }).waitFor({ timeout: PATIENCE_MS });
      await app.click("cancel");
      await app.get("ended").filter({ hasText: "Stopped" }).waitFor({ timeout: PATIENCE_MS });
      assert.equal(await app.page.getByText("Loading …").count(), 0);
      await app.click("measure-again");
      await app.get("ended").waitFor({ state: "detached" });
      await finished(app);
      await app.get("severity").waitFor();
    }));
});

describe("a device that is chosen while a study is measured", () => {
  it("holds from the next study on", () =>
    visit({ query: "?tier=quick" }, async (app) => {
      await app.openPhantom();
      await app.get("progress-stage").filter({ hasText: "Finding" }).waitFor({ timeout: STUDY_MS });
      const [worker] = app.page.workers();
      await app.click("settings-open");
      await app.get("device-cpu").check();
      await app.get("device-later").waitFor();
      await app.page.keyboard.press("Escape");
      await finished(app);
      assert.ok(app.page.workers().includes(worker), "the worker is the same one");
      await app.click("close-study");
      await app.get("start").waitFor();
      await app.openPhantom();
      await finished(app);
      assert.ok(!app.page.workers().includes(worker));
    }));
});
