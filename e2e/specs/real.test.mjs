// Real studies, as a scanner's archive gave them: lesions are found where they are, and not where they aren't.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { open } from "../lib/app.mjs";
import { real } from "../lib/studies.mjs";

async function measure(t, { open: opened, name }) {
  const app = await open({ query: "?device=cpu&tier=quick" });
  try {
    const begun = performance.now();
    await opened(app);
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    t.diagnostic(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s from drop to numbers`);
    await app.shoot(name);
    const report = await app.report();
    const { left, right, both } = report.lungs;
    t.diagnostic(`${name}: left ${left.volume_ml.toFixed(0)} mL, right ${right.volume_ml.toFixed(0)} mL, share ${both.share}`);
    assert.deepEqual(app.problems, []);
    return report;
  } finally {
    await app.close();
  }
}

describe("real studies", () => {
  const covid = real("covid-P001");
  it("finds the lesions of a patient with COVID-19, dropped as a folder", { skip: covid.skip }, async (t) => {
    const report = await measure(t, { name: "covid-P001", open: (app) => app.drop([covid.folder], "dropzone") });
    assert.equal(report.study.slices, 148);
    assert.ok(Math.abs(report.study.voxel_mm[2] - 2) < 0.01, `${report.study.voxel_mm}`);
    assert.ok(report.lungs.both.share > 0.01, `${report.lungs.both.share}`);
    assert.ok(report.lungs.both.ct_class >= 1);
  });

  const normal = real("normal-001");
  it("finds next to nothing in healthy lungs", { skip: normal.skip }, async (t) => {
    const report = await measure(t, { name: "normal-001", open: (app) => app.openFolder(normal.folder) });
    assert.equal(report.study.slices, 77);
    // The slices are twice as far apart as they are thick.
    assert.ok(Math.abs(report.study.voxel_mm[2] - 4) < 0.01, `${report.study.voxel_mm}`);
    for (const side of ["left", "right"]) assert.ok(report.lungs[side].share < 0.01, `${side}: ${report.lungs[side].share}`);
  });
});
