// Real studies, as a scanner's archive gave them: lesions are found where they are, and not where
// they aren't.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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
    t.diagnostic(`${name}: left ${left.volume_ml.toFixed(2)} mL, right ${right.volume_ml.toFixed(2)} mL, share ${both.share}`);
    assert.deepEqual(app.problems, []);
    return report;
  } finally {
    await app.close();
  }
}

// What native code measures (`tests/pinned.rs`), within the same bounds.
const PINNED = JSON.parse(readFileSync(new URL("../../tests/pinned.json", import.meta.url)));
const TOLERANCE = { ml: 0.1, share: 1e-4 };

function isAsPinned({ lungs }, name) {
  assert.ok(PINNED[name], `${name} isn't pinned`);
  for (const side of ["right", "left"]) {
    const [ml, share] = [PINNED[name][`${side}_ml`], PINNED[name][`${side}_share`]];
    const found = lungs[side];
    assert.ok(Math.abs(found.volume_ml - ml) <= TOLERANCE.ml, `${name}, ${side}: ${found.volume_ml} mL, pinned ${ml}`);
    assert.ok(Math.abs(found.share - share) <= TOLERANCE.share, `${name}, ${side}: share ${found.share}, pinned ${share}`);
  }
}

describe("real studies", () => {
  const covid = real("covid-P001");
  it("finds the lesions of a patient with COVID-19, dropped as a folder", { skip: covid.skip }, async (t) => {
    const report = await measure(t, { name: "covid-P001", open: (app) => app.drop([covid.folder], "dropzone") });
    assert.equal(report.study.slices, 148);
    assert.ok(Math.abs(report.study.voxel_mm[2] - 2) < 0.01, `${report.study.voxel_mm}`);
    isAsPinned(report, "covid-P001");
    assert.ok(report.lungs.both.ct_class >= 1);
  });

  const normal = real("normal-001");
  it("finds next to nothing in healthy lungs", { skip: normal.skip }, async (t) => {
    const report = await measure(t, { name: "normal-001", open: (app) => app.openFolder(normal.folder) });
    assert.equal(report.study.slices, 77);
    // The slices are twice as far apart as they are thick.
    assert.ok(Math.abs(report.study.voxel_mm[2] - 4) < 0.01, `${report.study.voxel_mm}`);
    for (const side of ["left", "right"]) assert.ok(report.lungs[side].share < 0.01, `${side}: ${report.lungs[side].share}`);
    isAsPinned(report, "normal-001");
  });

  for (const [name, slices] of [["lungdx-A0001-5mm", 64], ["lungdx-A0002-B70f", 30]]) {
    const lungdx = real(name);
    it(`measures ${name} as native code does`, { skip: lungdx.skip }, async (t) => {
      const report = await measure(t, { name, open: (app) => app.drop([lungdx.folder], "dropzone") });
      assert.equal(report.study.slices, slices);
      isAsPinned(report, name);
    });
  }
});
