// The full tier as a person comes to it: on request, after the quick and the standard answer. What
// it says, how to stop it, that stopping early on a slice changes nothing, and that it fits into a
// small computer's memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open, visit } from "../lib/app.mjs";
import { halting } from "../lib/fault_injection.mjs";
import { writeStudy, phantom, slicesOf } from "../lib/studies.mjs";

const manifest = JSON.parse(readFileSync(new URL("../../models/manifest.json", import.meta.url)));
const lesions = manifest.networks.filter((network) => network.family !== "lungs");
const more = (tier) => lesions.filter((network) => network.tier === tier).length;

// Of all wasm instances together, with two compute workers.
const MOST_BYTES = 1.2e9;

// A page's window, which remembers the masks as the worker told them last, a number for each slice.
function listen() {
  window.masks = {};
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        const event = Array.isArray(data) ? JSON.parse(data[0]) : {};
        if (event.is === "changed") event.indices.forEach((index) => delete window.masks[index]);
        if (event.is === "slice" && event.lesions) {
          window.masks[event.index] = new Uint8Array(data[2]).reduce((hash, label) => (Math.imul(hash, 31) + label) | 0, 1);
        }
      });
    }
  };
}

describe("the full tier", { skip: more("full") === 0 && "no network of the full tier is shipped" }, () => {
  const visitor = (query) => ({ query: `?device=cpu&cores=2&${query}`, prepare: (page) => page.addInitScript(listen) });
  let [app, slices, folder] = [];
  const answers = {};

  before(async () => {
    // The middle of a chest, most of it healthy: no fewer slices are measured.
    slices = slicesOf(phantom("full-source", { left: 0, right: 0.015, date: "20260101", slices: 31 })).slice(11, 19);
    folder = writeStudy("full", slices);
    app = await open({ ...visitor("tier=quick"), host: halting(null) });
  });
  after(() => app?.close());

  const tier = (app, name) => app.page.locator(`[data-testid=tiers][data-tier=${name}]`).waitFor({ timeout: STUDY_MS });

  // What a person may take away: the numbers but for the networks' own, and each slice's mask.
  async function answer(app) {
    const { lungs, runs } = await app.report();
    const numbers = Object.entries(lungs).map(([side, { members, ...finding }]) => [side, finding]);
    const masks = [];
    for (const [index] of slices.entries()) {
      await app.get("slice-slider").fill(`${index}`);
      const mask = await app.page.waitForFunction((index) => window.masks[index], index, { timeout: STUDY_MS });
      masks.push(await mask.jsonValue());
    }
    return { numbers, masks, lungs, runs };
  }

  const runsOf = ({ networks }) => networks.filter(({ name }) => !name.startsWith("lungs")).reduce((sum, { slices }) => sum + slices, 0);

  it("is offered after the standard answer", async () => {
    await app.openFolder(folder);
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    await tier(app, "quick");
    await app.click("refine");
    await tier(app, "standard");
    answers.standard = await answer(app);
    assert.match(await app.words("refine"), new RegExp(`Refine with ${more("full")} more networks \\(\\d+ MB\\)`));
  });

  it("may be stopped, and the standard answer stays", async () => {
    await app.goOn(/"is":"share-bounds"/);
    await app.click("refine");
    await app.halted();
    await app.get("possible").waitFor({ timeout: STUDY_MS });
    assert.match(await app.words("possible"), /still possible/);
    await app.click("stop-refining");
    await app.get("refining").waitFor({ state: "detached" });
    await app.goOn();
    await tier(app, "standard");
    assert.deepEqual(await answer(app), answers.standard);
  });

  it("goes on from there, and says whose answer it is and where the networks disagree", async (t) => {
    await app.click("refine");
    await tier(app, "full");
    answers.full = await answer(app);
    const { lungs, runs } = answers.full;
    assert.equal(runs.tier, "full");
    assert.ok(!runs.full_run);
    assert.match(await app.words("tiers"), /^Full answer of \d+ lesion networks/);
    t.diagnostic(`${runsOf(runs)} runs on ${runs.slices} slices, ${lesions.length} networks; ${(runs.memory_bytes / 1e6).toFixed(0)} MB`);
    assert.ok(runsOf(runs) < runs.slices * lesions.length);
    assert.ok(runs.memory_bytes < MOST_BYTES, `${runs.memory_bytes} bytes`);
    const { share } = lungs.both.members;
    assert.ok(share[0] < share[1], `${share}`);
    assert.match(await app.words("members"), /Single networks: .* to /);
    await app.click("most-lesions");
    const alone = await app.picture();
    await app.get("layer-disagreement").check();
    assert.notEqual(await app.picture(), alone, "nowhere do they disagree");
    await app.shoot("tiers-full");
    assert.deepEqual(app.problems, []);
  });

  it("comes to the same without stopping early", () =>
    visit(visitor("tier=full&full-run"), async (app) => {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      await tier(app, "full");
      const { numbers, masks, runs } = await answer(app);
      assert.ok(runs.full_run);
      assert.equal(runsOf(runs), runs.slices * lesions.length);
      assert.deepEqual(numbers, answers.full.numbers);
      assert.deepEqual(masks, answers.full.masks);
    }));
});
