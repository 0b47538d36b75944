// While further networks vote, the study is being worked on as before: the tab asks before it is
// closed, other tabs are told, standstill is noticed, a worker that dies takes no number and no
// picture with it, and a download shows its bytes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";

import { PATIENCE_MS, STUDY_MS, visit } from "../lib/app.mjs";
import { bytesOf, halting, reached } from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";

const manifest = JSON.parse(readFileSync(new URL("../../models/manifest.json", import.meta.url)));
const further = manifest.networks.filter(({ tier }) => tier === "standard").flatMap(({ parts }) => parts.map(({ file }) => `models/${file}`));

// With two compute workers further networks don't answer all at once.
const QUERY = "?device=cpu&cores=2";

let [folder, earlier] = [];
before(() => {
  folder = small("refining");
  earlier = small("refining-earlier", { left: 0.18, right: 0.32, date: "20200406" });
});

const refining = (app, words = /run [1-9]/) => app.get("refining-detail").filter({ hasText: words }).waitFor({ timeout: STUDY_MS });
const finished = async (app) => assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));

const lungs = async (app) => [await app.lung("left"), await app.lung("right")];

describe("refining", { skip: further.length === 0 && "no network beyond the quick answer's is shipped" }, () => {
  it("is work that the tab asks about before it is closed, and that other tabs are told of for as long as it lasts", () =>
    visit({ query: QUERY, host: halting(reached("refining")) }, async (app) => {
      const asked = [];
      app.page.on("dialog", (dialog) => (asked.push(dialog.type()), dialog.dismiss().catch(() => {})));
      await app.openFolder(folder);
      await finished(app);
      await app.halted();
      await refining(app);
      const question = app.page.waitForEvent("dialog", { timeout: PATIENCE_MS });
      await app.page.close({ runBeforeUnload: true });
      await question;
      assert.deepEqual(asked, ["beforeunload"]);

      const other = await app.another(QUERY);
      await other.openFolder(folder);
      await other.get("elsewhere").waitFor({ timeout: PATIENCE_MS });
      assert.ok(await app.get("refining").isVisible(), "the first is refining still");
      await app.click("stop-refining");
      await other.get("elsewhere").waitFor({ state: "detached", timeout: PATIENCE_MS });
      // Its own comes to a halt where it would be refined.
      const working = (await other.get("progress").count()) + (await other.get("refining").count());
      assert.ok(working > 0, "the notice ended before the other's own work did");
      await app.get("refining").waitFor({ state: "detached" });
      const closed = app.page.waitForEvent("close", { timeout: PATIENCE_MS });
      await app.page.close({ runBeforeUnload: true });
      await closed;
      assert.deepEqual(asked, ["beforeunload"], "nothing runs any more in the first");
    }));

  it("leaves numbers and pictures when its worker dies, and goes on in another one", () =>
    visit({ query: QUERY, host: halting(reached("refining")) }, async (app) => {
      await app.openFolder(folder);
      await finished(app);
      await app.halted();
      const before = await lungs(app);
      const slice = await app.slice();
      await app.kill();
      await app.get("notices").filter({ hasText: "was started anew" }).waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      assert.equal(await app.slice(), slice);
      await app.halted();
      await refining(app);
      // A slice that wasn't at hand.
      await app.get("canvas").focus();
      await app.page.keyboard.press("End");
      await app.get("canvas").click();
      await app.page.locator(".stage-waiting").waitFor({ state: "detached", timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      await app.goOn();
      await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
    }));

  it("that dies again and again keeps its numbers, and can be measured again", () =>
    visit({ query: QUERY, host: halting(reached("decoding")) }, async (app) => {
      await app.openFolder(folder);
      await app.halted();
      await app.goOn(reached("refining"));
      await finished(app);
      await app.halted();
      await refining(app);
      const before = await lungs(app);
      await app.kill();
      // Twice more over the pictures, for which the study is read once more.
      for (let death = 0; death < 2; death += 1) {
        await app.halted();
        await refining(app, /slice [1-9]/);
        await app.kill();
      }
      await app.get("ended").waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      await app.click("measure-again");
      await app.get("ended").waitFor({ state: "detached" });
      await app.halted();
      await app.goOn();
      await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
    }));

  it("that stands still is noticed, and can be ended: numbers stay and pictures come back", () => {
    // The page's clock, on which a minute passes in three seconds.
    const fast = () => {
      const now = Performance.prototype.now;
      Performance.prototype.now = function () { return now.call(this) * 20; };
    };
    const host = halting(reached("decoding"));
    return visit({ query: QUERY, host, prepare: (page) => page.addInitScript(fast) }, async (app) => {
      await app.openFolder(folder);
      await app.halted();
      await app.goOn(reached("refining"));
      await finished(app);
      await app.halted();
      const before = await lungs(app);
      const [worker] = app.page.workers();
      const ended = new Promise((resolve) => worker.once("close", resolve));
      await worker.evaluate(() => void setTimeout(() => { for (;;); }));
      await app.get("stalled").waitFor({ timeout: PATIENCE_MS });
      await app.click("stop-hard");
      await ended;
      assert.deepEqual(await lungs(app), before);
      await app.halted();
      await app.get("refining").waitFor({ timeout: PATIENCE_MS });
      await app.goOn();
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
      await app.openFolder(folder);
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
    visit({ host: halting(reached("lungs", "previous")) }, async (app) => {
      await app.openFolder(folder);
      await finished(app);
      const before = await lungs(app);
      await app.click("add-earlier");
      await app.openFolder(earlier, "previous");
      await app.halted();
      await app.get("progress-stage").filter({ hasText: "Earlier study: Finding" }).waitFor({ timeout: PATIENCE_MS });
      await app.kill();
      await app.get("notices").filter({ hasText: "was started anew" }).waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(await lungs(app), before);
      await app.halted();
      await app.goOn();
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
    visit({ host: halting(reached("decoding")) }, async (app) => {
      await app.openFolder(folder);
      await app.halted();
      await app.get("progress-stage").filter({ hasText: "Decoding" }).waitFor({ timeout: PATIENCE_MS });
      await app.click("cancel");
      await app.get("ended").filter({ hasText: "Stopped" }).waitFor({ timeout: PATIENCE_MS });
      // One slice had been read, and no other one will be.
      const waiting = app.page.locator(".stage-waiting");
      const texts = [];
      const last = Number(await app.get("slice-slider").getAttribute("max"));
      for (let index = 0; index <= last; index += 1) {
        await app.get("slice-slider").fill(`${index}`);
        await app.settled();
        texts.push(await waiting.allTextContents());
      }
      assert.deepEqual(texts.filter((words) => words.length > 0), Array(last).fill(["This slice was not read."]));
      await app.goOn();
      await app.click("measure-again");
      await app.get("ended").waitFor({ state: "detached" });
      await finished(app);
      await app.get("severity").waitFor();
      await waiting.waitFor({ state: "detached", timeout: PATIENCE_MS });
    }));
});

describe("a device that is chosen while a study is measured", () => {
  it("holds from the next study on", () =>
    visit({ query: "?tier=quick", host: halting(reached("lungs")) }, async (app) => {
      await app.openFolder(folder);
      await app.halted();
      await app.get("progress-stage").filter({ hasText: "Finding" }).waitFor({ timeout: PATIENCE_MS });
      const [worker] = app.page.workers();
      await app.click("settings-open");
      await app.get("device-cpu").check();
      await app.get("device-later").waitFor();
      await app.page.keyboard.press("Escape");
      await app.goOn();
      await finished(app);
      assert.ok(app.page.workers().includes(worker), "the worker is the same one");
      await app.closeStudy();
      await app.openFolder(folder);
      await app.halted();
      assert.ok(!app.page.workers().includes(worker));
      await app.goOn();
      await finished(app);
    }));
});
