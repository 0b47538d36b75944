// Bad and odd input: each ends in its own helpful sentence, or in a right number with a warning
// beside it. Never in a number that shouldn't be there, an error behind the page's back or an
// endless bar.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";

import { open } from "../lib/app.mjs";
import * as studies from "../lib/studies.mjs";

const MADE = { left: 0.12, right: 0.24, date: "20200420", slices: 62, columns: 128 };
const SLICE_MM = 5;

describe("odd input", () => {
  let app;
  let good;
  let feet;
  // What is measured where nothing is odd.
  let whole;
  before(async () => {
    const folder = studies.phantom("good", MADE);
    [good, feet] = [studies.middle(folder), studies.slicesOf(folder)[0]];
    app = await open({ query: "?device=cpu&tier=quick" });
  });
  after(() => app?.close());

  const middle = () => Math.floor(good.length / 2);
  const except = (index) => good.filter((_, i) => i !== index);
  afterEach(async () => {
    await app.click("close-study");
    await app.get("start").waitFor();
    assert.deepEqual(app.problems.splice(0), []);
  });

  // What is refused: the files, and the codes whose sentences must be on screen.
  const refused = {
    "a text file": [() => [["letter.txt", Buffer.from("Dear colleague, please find enclosed the CT.\n".repeat(20))]], ["file.not-dicom", "input.nothing"]],
    "an empty file": [() => [["empty.dcm", Buffer.alloc(0)]], ["file.empty", "input.nothing"]],
    "a broken archive": [() => [["study.zip", Buffer.from("PK\x03\x04 and nothing that follows from it")]], ["zip.bad", "input.nothing"]],
    "slices that all end too early": [() => good.map(studies.truncated), ["file.truncated"]],
    "slices without pictures": [() => good.map(studies.withoutPixels), ["file.no-pixels", "input.nothing"]],
    "magnetic resonance": [() => good.map(studies.asMagneticResonance), ["series.not-ct"]],
    "a single slice": [() => [good[middle()]], ["series.too-few"]],
    "two reconstructions in one series": [() => [...good, ...good.map(studies.asOtherReconstruction)], ["series.overlapping"]],
    "a CT without lungs": [() => studies.abdomen(feet, 12, SLICE_MM), ["lungs.none"]],
  };
  for (const [name, [make, codes]] of Object.entries(refused)) {
    it(`refuses ${name}: ${codes.join(", ")}`, async () => {
      await app.openFolder(studies.writeStudy(name.replaceAll(" ", "-"), make()));
      assert.equal(await app.outcome(), "no number");
      const found = await app.issues();
      for (const code of codes) {
        const issue = found.find((f) => f.code === code);
        assert.ok(issue, `${code} is not among ${JSON.stringify(found)}`);
        assert.match(issue.text, /\.( |$)/, "a sentence");
      }
      assert.equal(await app.get("severity").count(), 0, "no number is shown");
      await app.shoot(`odd-${codes[0]}`);
    });
  }

  it("opens a study whatever its files are called and in whatever order", async () => {
    const shuffled = good.map((bytes, index) => [`IM${(index * 7919) % 10007}`, bytes]);
    await app.drop([studies.writeStudy("shuffled", shuffled)], "dropzone");
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    const report = await app.report();
    assert.equal(report.study.slices, good.length);
    whole = report.lungs;
  });

  // What is measured all the same, with a warning: the shares stay those of the whole study.
  const measured = {
    "a missing slice": [() => except(middle()), "geometry.missing-slices"],
    "a slice that ends too early": [() => good.map((s, i) => (i === middle() ? studies.truncated(s) : s)), "file.truncated"],
    "a localiser among the slices": [() => [...good, studies.asLocaliser(good[middle()])], "series.set-aside"],
  };
  for (const [name, [make, code]] of Object.entries(measured)) {
    it(`measures a study with ${name}, and says so: ${code}`, async () => {
      await app.openFolder(studies.writeStudy(name.replaceAll(" ", "-"), make()));
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      const report = await app.report();
      assert.ok(report.issues.some((issue) => issue.code === code), JSON.stringify(report.issues));
      await app.unfold();
      assert.ok((await app.issues()).some((issue) => issue.code === code), "it is on screen");
      for (const side of ["left", "right"]) {
        const [share, before] = [report.lungs[side].share, whole[side].share];
        assert.ok(Math.abs(share - before) < 0.01, `${side}: ${share} after ${before}`);
      }
    });
  }

  it("lets a person choose between two series", async () => {
    await app.openFolder(studies.writeStudy("two-series", [...good, ...good.map(studies.asOtherSeries)]));
    assert.equal(await app.outcome(), "choose");
    assert.equal(await app.get("series").count(), 2);
    assert.equal(await app.get("choose-series").count(), 2);
    await app.shoot("odd-two-series");
    await app.get("choose-series").first().click();
    assert.equal(await app.outcome(), "finished");
  });
});
