// A study that is open is replaced only where a person says so, and what was closed can be brought
// back.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open } from "../lib/app.mjs";
import { OUT, writeStudy, small } from "../lib/studies.mjs";

describe("a study that is open", () => {
  let app;
  let other;
  let measured;
  const shares = () => Promise.all(["right", "left"].map(async (side) => (await app.lung(side)).share));
  const centre = async (id) => {
    const { x, y, width, height } = await app.get(id).boundingBox();
    return [x + width / 2, y + height / 2];
  };

  before(async () => {
    other = writeStudy("no-study", [["letter.txt", Buffer.from("no picture")]]);
    app = await open({ query: "?device=cpu&tier=quick" });
    await app.openFolder(small("replaced"));
    assert.equal(await app.outcome(), "finished");
    measured = await shares();
  });
  after(() => app?.close());

  it("stays where files are dropped between the two fields, and the page asks", async () => {
    const { width, height } = app.page.viewportSize();
    await app.dropAt([other], [width / 2, height / 2]);
    await app.get("drop-question").waitFor();
    await app.page.screenshot({ path: `${OUT}/drop-question.png` });
    assert.match(await app.words("drop-question"), /Nothing was opened or replaced/);
    assert.deepEqual(await shares(), measured);
    await app.page.keyboard.press("Escape");
    await app.get("drop-question").waitFor({ state: "hidden" });
    assert.equal(await app.outcome(), "finished");
    assert.deepEqual(await shares(), measured);
    assert.equal(await app.get("undo-offer").count(), 0);
  });

  it("gets an earlier study by the answer to that question", async () => {
    const { width, height } = app.page.viewportSize();
    await app.dropAt([other], [width / 2, height / 2]);
    await app.click("drop-as-previous");
    await app.get("dynamics").filter({ hasText: "was not measured" }).waitFor({ timeout: STUDY_MS });
    assert.deepEqual(await shares(), measured);
    await app.click("remove-previous");
  });

  it("comes back after another one took its place, with the same numbers", async () => {
    await app.dropAt([other], await centre("canvas").then(([x]) => [x / 2, 300]));
    await app.get("refused").waitFor({ timeout: STUDY_MS });
    await app.click("undo");
    assert.equal(await app.outcome(), "finished");
    assert.deepEqual(await shares(), measured);
  });

  it("comes back after it was closed, together with the earlier one", async () => {
    await app.click("add-earlier");
    await app.openFolder(small("replaced-earlier", { left: 0.03, right: 0.07, date: "20200410" }), "previous");
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    const verdict = await app.words("verdict");
    await app.click("close-study");
    await app.get("start").waitFor();
    await app.page.screenshot({ path: `${OUT}/undo-start.png` });
    await app.click("undo");
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    assert.equal(await app.words("verdict"), verdict);
    assert.deepEqual(await shares(), measured);
    assert.equal(await app.words("earlier-date"), "10 Apr 2020");
    assert.equal(await app.get("undo-offer").count(), 0, "nothing was lost by it");
  });

  it("raised no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});
