// The main job on the synthetic patient, whose truth is known: open, watch, look around, read the
// numbers, compare with an earlier study. Screenshots of each step are left in e2e/out.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { PATIENCE_MS, STUDY_MS, open } from "../lib/app.mjs";
import { halting, reached } from "../lib/fault_injection.mjs";

// What the synthetic study is made with (app/src/phantoms.rs), and how far a measurement may be
// off.
const TRUTH = { left: 0.08, right: 0.16 };
const TOLERANCE = 0.03;

describe("the synthetic study", () => {
  let app;
  let report;
  before(async () => (app = await open({ query: "?device=cpu&tier=quick", host: halting(reached("decoding")) })));
  after(() => app?.close());

  it("begins with what the page is, and what it is not", async () => {
    assert.match(await app.words("start"), /Nothing is uploaded.*Not a medical device/);
    assert.match(await app.words("disclaimer"), /^Not a medical device/);
    for (const id of ["dropzone", "choose-folder-current", "choose-files-current", "open-phantom"]) {
      assert.ok(await app.get(id).isVisible(), id);
    }
    await app.shoot("1-start");
  });

  it("shows slices and lungs while it computes, and ends with numbers", async () => {
    await app.openPhantom();
    await app.halted();
    await app.get("canvas").waitFor({ timeout: PATIENCE_MS });
    await app.get("progress").waitFor();
    assert.match(await app.words("slice-number"), /^\d+ \/ \d+$/);
    await app.shoot("2-reading");
    // The lungs' volumes come before the lesions'.
    await app.goOn(reached("lesions"));
    await app.halted();
    await app.get("lesions-pending").waitFor({ timeout: STUDY_MS });
    assert.ok((await app.lung("both")).volume > 1000);
    await app.shoot("3-lungs");
    await app.goOn();
    assert.equal(await app.outcome(), "finished");
    assert.equal(await app.get("progress").count(), 0);
    await app.shoot("4-numbers");
  });

  it("measures the shares within three points of the truth", async (t) => {
    report = await app.report();
    for (const side of ["left", "right"]) {
      const { share, volume_ml: volume } = report.lungs[side];
      t.diagnostic(`${side}: ${(share * 100).toFixed(1)} % of ${volume.toFixed(0)} mL; made with ${TRUTH[side] * 100} %`);
      assert.ok(Math.abs(share - TRUTH[side]) <= TOLERANCE, `${side}: ${share}`);
    }
  });

  it("shows the numbers of its report", async () => {
    for (const side of ["left", "right", "both"]) {
      const shown = await app.lung(side);
      assert.ok(Math.abs(shown.share - report.lungs[side].share * 100) < 0.06, `${side}: ${shown.share} %`);
      assert.ok(Math.abs(shown.volume - report.lungs[side].volume_ml) <= 1, `${side}: ${shown.volume} mL`);
    }
    assert.equal(await app.words("ct-class"), `CT-${report.lungs.both.ct_class}`);
    assert.match(report.runs.device, /^cpu/);
  });

  it("has a class on the guideline's scale and on the paper's panel's", async () => {
    const panel = app.page.getByRole("button", { name: /panel/i });
    await panel.click();
    assert.equal(await app.words("ct-class"), `CT-${report.lungs.both.ct_class_panel}`);
    assert.match(await app.words("scale-name"), /6 \/ 29 \/ 83 %/);
    await app.page.getByRole("button", { name: /guideline/i }).click();
    assert.equal(await app.words("ct-class"), `CT-${report.lungs.both.ct_class}`);
  });

  it("scrolls with wheel, keys and slider", async () => {
    await app.click("most-lesions");
    const start = await app.slice();
    await app.page.keyboard.press("ArrowUp");
    await app.showsSlice(start + 1);
    await app.page.keyboard.press("End");
    await app.showsSlice(0);
    await app.get("slice-slider").fill(`${start}`);
    await app.showsSlice(start);
    await app.get("canvas").hover();
    await app.page.mouse.wheel(0, 120);
    await app.showsSlice(start - 1);
    await app.click("most-lesions");
  });

  it("draws each overlay, and none where it is switched off", async () => {
    const all = await app.picture();
    for (const layer of ["left", "right", "lesions"]) {
      await app.get(`layer-${layer}`).uncheck();
      assert.notEqual(await app.picture(), all, `${layer} is not drawn`);
      await app.get(`layer-${layer}`).check();
      assert.equal(await app.picture(), all, `${layer} doesn't come back`);
    }
  });

  it("has window presets, and Hounsfield units under the pointer", async () => {
    const lung = await app.picture();
    await app.click("window-mediastinum");
    assert.notEqual(await app.picture(), lung);
    await app.shoot("5-mediastinum");
    await app.click("window-lung");
    assert.equal(await app.picture(), lung);
    await app.get("canvas").hover();
    assert.match(await app.words("hu"), /^−?\d+ HU/);
  });

  // Compared with an earlier visit, by the paper's rule.
  const stories = [
    ["phantom-worse", "positive response"],
    ["phantom-same", "stable"],
    ["phantom-better", "progression"],
  ];
  for (const [story, verdict] of stories) {
    it(`gives "${verdict}" against ${story}`, async () => {
      await app.click("add-earlier");
      await app.click(story);
      await app.get("verdict").waitFor({ timeout: STUDY_MS });
      assert.match(await app.words("verdict"), new RegExp(`${verdict}$`));
      assert.match(await app.words("earlier-date"), /Apr 2020/);
      assert.equal(await app.words("later-date"), "20 Apr 2020");
      await app.shoot(`6-${story}`);
      const { dynamics } = await app.report();
      assert.equal(dynamics.verdict, verdict.replace(" ", "-"));
      assert.deepEqual(dynamics.issues.map((issue) => issue.code), []);
      await app.click("remove-previous");
      await app.get("add-earlier").waitFor();
    });
  }

  it("asked for nothing but the page's own files, and sent nothing", () => {
    const odd = app.requests.filter(({ method, url }) => method !== "GET" || (url.includes("?") && url !== "/?device=cpu&tier=quick"));
    assert.deepEqual(odd, []);
    assert.ok(app.requests.length > 3);
  });

  it("raised no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});
