// Files made to break readers of DICOM, dropped into the page: none of them ends the worker or
// holds it up.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { open } from "../lib/app.mjs";
import { data } from "../lib/studies.mjs";

// The longest that one file may take.
const FILE_MS = 2000;

const { folder, skip } = data("malformed");
const folders = skip ? [] : readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
  .filter((at) => readdirSync(at, { withFileTypes: true }).some((entry) => entry.isFile() && entry.name !== "README.md"))
  .sort();

describe("malformed files", { skip }, () => {
  let app;
  before(async () => (app = await open({ query: "?device=cpu&tier=quick" })));
  after(() => app?.close());

  for (const at of folders) {
    it(`of ${path.relative(folder, at)} leave the page whole`, async (t) => {
      const count = readdirSync(at).length;
      const begun = performance.now();
      await app.openFolder(at);
      const outcome = await app.outcome(count * FILE_MS);
      t.diagnostic(`${count} files: ${outcome} in ${(performance.now() - begun).toFixed(0)} ms`);
      const codes = (await app.issues()).map((issue) => issue.code);
      assert.ok(!codes.some((code) => code.startsWith("worker.")), `${codes}`);
      if (outcome === "no number") assert.ok(codes.length > 0);
      await app.click("close-study");
      await app.get("start").waitFor();
      assert.deepEqual(app.problems.splice(0), []);
    });
  }
});
