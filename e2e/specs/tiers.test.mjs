// The quick answer first, then more networks: what a person sees of it, and how to stop it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open, visit } from "../lib/app.mjs";
import { halting } from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";

const manifest = JSON.parse(readFileSync(new URL("../../models/manifest.json", import.meta.url)));
const more = manifest.networks.filter((network) => network.tier === "standard");

describe("tiers", { skip: more.length === 0 && "no network beyond the quick answer's is shipped" }, () => {
  let app;
  let folder;
  before(async () => {
    folder = small("tiers");
    app = await open({ query: "?device=cpu&tier=quick&cores=2", host: halting(/"stage":"refining"/) });
  });
  after(() => app?.close());

  const tier = (name) => app.page.locator(`[data-testid=tiers][data-tier=${name}]`);

  it("give a quick answer that says how many networks it rests on", async () => {
    await app.openFolder(folder);
    assert.equal(await app.outcome(), "finished");
    await tier("quick").waitFor();
    assert.match(await app.words("tiers"), /Quick answer of 1 lesion network/);
    assert.match(await app.words("refine"), new RegExp(`Refine with ${more.length} more networks?`));
  });

  it("show what is still possible while more networks vote, and can be stopped", async () => {
    const quick = await app.report();
    await app.click("refine");
    // It is told every now and then: not before the first network has run for a while.
    await app.halted();
    await app.page.waitForTimeout(500);
    await app.goOn(/"is":"share-bounds"/);
    await app.halted();
    await app.get("possible").waitFor({ timeout: STUDY_MS });
    assert.match(await app.words("possible"), /still possible/);
    await app.shoot("tiers-refining");
    await app.click("stop-refining");
    await app.get("refining").waitFor({ state: "detached" });
    await app.goOn();
    await tier("quick").waitFor();
    assert.deepEqual((await app.report()).lungs, quick.lungs);
  });

  it("go on from where they were, and end in numbers of all of them", async () => {
    const box = () => app.get("canvas").boundingBox();
    const lay = await box();
    await app.click("refine");
    await tier("standard").waitFor({ timeout: STUDY_MS });
    assert.deepEqual(await box(), lay, "the picture stays where it was");
    const report = await app.report();
    assert.equal(report.runs.tier, "standard");
    const ran = report.runs.networks.map((network) => network.name);
    assert.ok(more.some((network) => ran.includes(network.name)), ran.join());
    const { share } = report.lungs.both.members;
    assert.ok(share[0] <= share[1]);
    assert.match(await app.words("members"), /Single networks/);
    await app.get("layer-disagreement").check();
    await app.shoot("tiers-standard");
  });

  it("come one after the other by themselves where nothing else is asked for", () =>
    visit({ query: "?device=cpu" }, async (app) => {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished");
      await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
    }));
});
