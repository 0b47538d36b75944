// Compressed pictures: decoded by workers of their own into the same numbers; one that a decoder
// dies of is one slice less.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import { open, visit } from "../lib/app.mjs";
import { TAG, changed, encapsulated, packed, reduced } from "../lib/dicom.mjs";
import * as faults from "../lib/fault_injection.mjs";
import * as studies from "../lib/studies.mjs";

describe("a compressed study", () => {
  let plain;
  let folder;
  before(() => {
    plain = studies.middle(studies.phantom("plain", { left: 0.12, right: 0.24, date: "20200420", slices: 62, columns: 128 }));
    folder = studies.writeStudy("packed", plain.map(packed));
  });

  const measured = (at, { seen = () => {}, ...options } = {}) =>
    new Promise((resolve, reject) => {
      visit({ query: "?device=cpu&tier=quick&cores=2", ...options }, async (app) => {
        await app.openFolder(at);
        assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
        assert.deepEqual(app.problems, []);
        await seen(app);
        resolve(await app.report());
      }).catch(reject);
    });

  // A worker that reads the first file, and the others once its decoders have started. It counts
  // the slices that it sends to them. With `dies`, the decoder of the first slice dies of it.
  const decoding = (dies) =>
    faults.inWorker(`() => {
      if (self.name === "corsai-compute-worker") {
        addEventListener("message", (event) => {
          if (event.data !== "die") return;
          event.stopImmediatePropagation();
          throw new Error("as if it had trapped");
        });
        return;
      }
      self.given = 0;
      let [made, ready, before] = [0, 0, null];
      let rest;
      const there = new Promise((resolve) => (rest = resolve));
      self.Worker = class extends Worker {
        constructor(...args) {
          super(...args);
          made += 1;
          this.addEventListener("message", ({ data }) => {
            ready += Array.isArray(data) && data[0] === '"Ready"';
            if (before !== null && made > before && ready === made) rest();
          });
        }
        postMessage(data, ...args) {
          const first = Array.isArray(data) && data[0].startsWith('{"Decode"') && ++self.given === 1;
          return first && ${dies} ? super.postMessage("die") : super.postMessage(data, ...args);
        }
      };
      const read = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = async function () {
        if (before === null) before = made;
        else await there;
        return read.call(this);
      };
    }`);

  it("gives the numbers of the plain one", async () => {
    const given = (app) => app.page.workers()[0].evaluate(() => self.given);
    const decoded = async (app) => assert.ok((await given(app)) > 1, "no slice was decoded elsewhere");
    const before = await measured(studies.writeStudy("plain-again", plain));
    const after = await measured(folder, { host: decoding(false), seen: decoded });
    assert.deepEqual(after.lungs, before.lungs);
    assert.deepEqual(after.issues, before.issues);
  });

  it("loses a slice, not itself, where a decoder dies of it", async () => {
    const report = await measured(folder, { host: decoding(true) });
    const codes = report.issues.map((issue) => issue.code);
    assert.ok(codes.includes("codec.failed") && codes.includes("geometry.missing-slices"), codes.join());
    assert.equal(report.study.slices, plain.length - 1);
  });

  // One page for what is refused.
  let page;
  after(() => page?.close());
  const within = async (look) => {
    page ??= await open({ query: "?device=cpu&tier=quick&cores=2" });
    await look(page);
    await page.click("close-study");
    await page.get("start").waitFor();
  };

  it("of eight bits is refused, and shown", async () => {
    await within(async (app) => {
      await app.openFolder(studies.writeStudy("reduced", plain.slice(2, 10).map(reduced)));
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

  // One picture of noise, as other encoders wrote it (inference/study/tests/conformance/synthetic).
  // It is no chest; the message about its values shows that they came out as they went in.
  const made = {
    "JPEG Lossless": ["lossless-12.jpg", ".4.70"],
    "JPEG-LS": ["lossless.jls", ".4.80"],
    "JPEG 2000": ["lossless-12.j2k", ".4.90"],
    "High-Throughput JPEG 2000": ["lossless.jhc", ".4.201"],
    "JPEG XL": ["lossless-12.jxl", ".4.110"],
  };
  const size = (number) => Buffer.from([number, 0]);
  let first;
  for (const [name, [file, syntax]] of Object.entries(made)) {
    it(`is decoded in the page from ${name}`, async () => {
      const stream = readFileSync(new URL(`../../inference/study/tests/conformance/synthetic/${file}`, import.meta.url));
      const noise = plain.slice(0, 10).map((bytes) => {
        const resized = changed(bytes, { [TAG.rows]: size(37), [TAG.columns]: size(45) });
        return encapsulated(resized, `1.2.840.10008.1.2${syntax}`, stream);
      });
      await within(async (app) => {
        await app.openFolder(studies.writeStudy("noise", noise));
        assert.equal(await app.outcome(), "no number");
        const [issue, ...others] = await app.issues();
        assert.deepEqual([issue.code, others], ["hu.implausible", []]);
        assert.match(issue.text, /[1-9][\d.]* % bone/);
        assert.equal(issue.text, (first ??= issue.text));
        assert.deepEqual(app.problems, []);
      });
    });
  }
});
