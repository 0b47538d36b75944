// Two studies compared: by answers of one tier, of one person, and never a study with itself.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open, visit } from "../lib/app.mjs";
import { asReexported, writeStudy, slicesOf, small, withoutIdentifiers } from "../lib/studies.mjs";

const manifest = JSON.parse(readFileSync(new URL("../../models/manifest.json", import.meta.url)));
const further = manifest.networks.filter(({ tier }) => tier === "standard").flatMap(({ parts }) => parts.map(({ file }) => `models/${file}`));

// The page's window, which remembers every comparison, with the tiers that both studies had reached
// by then.
function listen() {
  window.compared = [];
  const reached = {};
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        const event = Array.isArray(data) ? JSON.parse(data[0]) : {};
        if (event.is === "report" && event.stage !== "lungs") reached[event.slot] = event.report.runs.tier;
        if (event.is === "compared") window.compared.push({ ...event.dynamics, reached: { ...reached } });
      });
    }
  };
}

describe("two studies", () => {
  let [later, earlier, stranger, app] = [];
  before(() => {
    later = small("compare-later", { left: 0.1, right: 0.3 });
    earlier = small("compare-earlier", { left: 0.05, right: 0.1, date: "20200406" });
    stranger = small("compare-stranger", { left: 0.05, right: 0.1, date: "20200406", seed: 2 });
  });
  after(() => app?.close());

  const prepare = (page) => page.addInitScript(listen);
  const add = async (app, folder) => {
    await app.click("add-earlier");
    await app.openFolder(folder, "previous");
  };
  const final = (app) => app.get("provisional").waitFor({ state: "detached", timeout: STUDY_MS });
  const tier = (app, name) => app.page.locator(`[data-testid=tiers][data-tier=${name}]`).waitFor({ timeout: STUDY_MS });

  // Whether what was said of two studies on the way was said of like answers, and as provisional
  // until nothing changed.
  async function held(app, last) {
    const compared = await app.page.evaluate(() => window.compared);
    const order = ["quick", "standard", "full"];
    for (const { tier, provisional, reached } of compared) {
      const common = Math.min(order.indexOf(reached.current), order.indexOf(reached.previous));
      assert.equal(tier, order[common], JSON.stringify(reached));
      assert.ok(provisional || reached.current === reached.previous, JSON.stringify(reached));
    }
    const { tier, provisional, reached } = compared.at(-1);
    assert.deepEqual({ tier, provisional, reached }, { tier: last, provisional: false, reached: { current: last, previous: last } });
  }

  it("are compared provisionally until both have the same answer, where nothing is asked for", () => {
    // The network that comes after the quick answer is on its way until the test has seen enough.
    let go;
    const goes = new Promise((resolve) => (go = () => resolve(null)));
    const host = { answer: (name) => (further.includes(name) ? goes : null) };
    return visit({ query: "?device=cpu", prepare, host }, async (app) => {
      await app.openFolder(later);
      assert.equal(await app.outcome(), "finished");
      // The current one would be refined meanwhile.
      await app.get("refining").waitFor({ timeout: STUDY_MS });
      await add(app, earlier);
      await app.get("verdict").waitFor({ timeout: STUDY_MS });
      assert.match(await app.words("provisional"), /^Provisional: this compares the quick answers of both studies/);
      await app.shoot("compare-provisional");
      go();
      await final(app);
      await tier(app, "standard");
      assert.match(await app.words("verdict"), /progression$/);
      const { runs, lungs, dynamics } = await app.report();
      assert.deepEqual([runs.tier, dynamics.tier, dynamics.provisional], ["standard", "standard", false]);
      assert.equal(dynamics.both.later, lungs.both.share, "the numbers beside it are the ones that were compared");
      await held(app, "standard");
      assert.deepEqual(app.problems, []);
    }).finally(go);
  });

  it("are refined together by one press", async () => {
    app = await open({ query: "?device=cpu&tier=quick", prepare });
    await app.openFolder(later);
    assert.equal(await app.outcome(), "finished");
    await add(app, earlier);
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    assert.equal((await app.report()).dynamics.tier, "quick");
    assert.equal(await app.get("provisional").count(), 0);
    await app.click("refine");
    await tier(app, "standard");
    await final(app);
    const { dynamics } = await app.report();
    assert.deepEqual([dynamics.tier, dynamics.provisional], ["standard", false]);
    await held(app, "standard");
    await app.click("remove-previous");
  });

  for (const [name, make] of [
    ["added twice", (slices) => slices],
    ["that was exported again under other identifiers", (slices) => slices.map(asReexported)],
  ]) {
    it(`are not one study ${name}`, async () => {
      await add(app, writeStudy("compare-twin", make(slicesOf(later))));
      await app.page.locator('[data-testid=issue][data-code="dynamics.same-study"]').waitFor({ timeout: STUDY_MS });
      assert.equal(await app.get("verdict").count(), 0);
      const { lungs, dynamics } = await app.report();
      assert.ok(lungs.both.share > 0, "the numbers stay");
      assert.equal(dynamics, null);
      await app.click("remove-previous");
    });
  }

  it("of two people have no verdict until the person confirms, each time anew", async () => {
    for (const time of [1, 2]) {
      await add(app, stranger);
      await app.get("other-patient").waitFor({ timeout: STUDY_MS });
      await final(app);
      assert.match(await app.words("other-patient"), /disagree about who the patient is\. Are they of the same person\?$/);
      assert.equal(await app.get("verdict").count(), 0);
      const asked = (await app.report()).dynamics;
      assert.deepEqual([asked.verdict, asked.no_verdict], [null, "other-patient"]);
      await app.shoot("compare-other-patient");
      await app.click("confirm-patient");
      await app.get("verdict").waitFor();
      const confirmed = (await app.report()).dynamics;
      assert.deepEqual([confirmed.verdict, confirmed.no_verdict], ["progression", null], `${time}`);
      assert.deepEqual(confirmed.issues.map(({ code }) => code), ["dynamics.other-patient"]);
      await app.click("remove-previous");
    }
  });

  it("without identifiers are two studies, of whom nobody knows", async () => {
    await add(app, writeStudy("compare-nameless", slicesOf(earlier).map(withoutIdentifiers)));
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    await final(app);
    const { dynamics } = await app.report();
    assert.equal(dynamics.verdict, "progression");
    assert.deepEqual(dynamics.issues.map(({ code }) => code), ["dynamics.unknown-patient"]);
  });

  it("raise no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});
