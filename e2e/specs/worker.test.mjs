// What a person may do to a run, and what the worker may do to itself: stop, die. The page says so and goes on.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { open } from "../lib/app.mjs";

describe("the worker", () => {
  let app;
  before(async () => (app = await open({ query: "?device=cpu&tier=quick" })));
  after(() => app?.close());

  const stage = (words) => app.get("progress-stage").filter({ hasText: words }).waitFor({ timeout: 60_000 });

  it("stops when it is told to, and keeps what is finished", async () => {
    await app.openPhantom();
    await stage("Finding");
    await app.click("cancel");
    assert.equal(await app.outcome(20_000), "stopped");
    assert.ok(await app.get("canvas").isVisible());
    await app.click("close-study");
    await app.get("start").waitFor();
  });

  const kill = async () => {
    const worker = app.page.workers()[0];
    await worker.evaluate(() => setTimeout(() => { throw new Error("ended by a test"); }));
    await new Promise((resolve) => worker.once("close", resolve));
  };

  it("may die in the middle of a run: the study is opened again, and measured", async () => {
    await app.openPhantom();
    await stage("Finding");
    await kill();
    await app.get("notices").filter({ hasText: "was started anew" }).waitFor({ timeout: 20_000 });
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    assert.ok((await app.lung("both")).share > 5);
    await app.click("close-study");
  });

  it("that dies again and again ends the study in words, not in a loop", async () => {
    await app.openPhantom();
    for (let death = 0; death < 3; death += 1) {
      await stage("Finding");
      await kill();
    }
    assert.equal(await app.outcome(20_000), "no number");
    assert.deepEqual((await app.issues()).map((issue) => issue.code), ["worker.died"]);
    assert.equal(await app.get("severity").count(), 0);
    await app.shoot("worker-died");
  });

  it("is there again for the next study", async () => {
    await app.click("close-study");
    await app.openPhantom();
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
  });
});
