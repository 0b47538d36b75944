// Compressed pictures: decoded by workers of their own into the same numbers; one that a decoder dies of is one slice
// less.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { visit } from "../lib/app.mjs";
import { packed, reduced } from "../lib/dicom.mjs";
import * as faulty from "../lib/faulty.mjs";
import * as studies from "../lib/studies.mjs";

describe("a compressed study", () => {
  let plain;
  let folder;
  before(() => {
    plain = studies.slicesOf(studies.phantom("plain", { left: 0.12, right: 0.24, date: "20200420" }));
    folder = studies.made("packed", plain.map(packed));
  });

  const measured = (at, options = {}) =>
    new Promise((resolve, reject) => {
      visit({ query: "?device=cpu&tier=quick&cores=2", ...options }, async (app) => {
        await app.openFolder(at);
        assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
        assert.deepEqual(app.problems, []);
        resolve(await app.report());
      }).catch(reject);
    });

  it("gives the numbers of the plain one", async () => {
    const [before, after] = [await measured(studies.made("plain-again", plain)), await measured(folder)];
    assert.deepEqual(after.lungs, before.lungs);
    assert.deepEqual(after.issues, before.issues);
  });

  it("loses a slice, not itself, where a decoder dies of it", async () => {
    const dies = `() => {
      if (self.name !== "corsai-helper") return;
      addEventListener("message", (event) => {
        if (!Array.isArray(event.data) || !event.data[0].startsWith('{"Decode"') || !/"picture":7,/.test(event.data[0])) return;
        event.stopImmediatePropagation();
        throw new Error("as if it had trapped");
      });
    }`;
    const report = await measured(folder, { host: faulty.inWorker(dies) });
    const codes = report.issues.map((issue) => issue.code);
    assert.ok(codes.includes("codec.failed") && codes.includes("geometry.missing-slices"), codes.join());
    assert.equal(report.study.slices, plain.length - 1);
  });

  it("of eight bits is refused, and shown", async () => {
    await visit({}, async (app) => {
      await app.openFolder(studies.made("reduced", plain.slice(20, 28).map(reduced)));
      assert.equal(await app.outcome(), "no number");
      assert.ok((await app.issues()).some(({ code }) => code === "pixels.eight-bit"), JSON.stringify(await app.issues()));
      // Air around the patient is black, the patient isn't.
      const greys = await app.get("refused-picture").locator("canvas").evaluate((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((_, index) => index % 4 === 0);
      });
      const values = Object.values(greys);
      assert.ok(values[0] < 10 && Math.max(...values) > 100, `${values[0]} and ${Math.max(...values)}`);
      await app.shoot("eight-bit");
      assert.deepEqual(app.problems, []);
    });
  });
});
