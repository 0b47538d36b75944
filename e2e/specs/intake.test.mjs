// Drops that the browser can't hand out whole, and folders that take long to be listed: nothing is
// lost without a word, and what the person wants last is what happens.

import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, it } from "node:test";

import { PATIENCE_MS, visit } from "../lib/app.mjs";
import { filesOf, writeStudy, middle, phantom } from "../lib/studies.mjs";

// A browser that lists what is dropped, and can't open files of these names, or list any folder.
// Lists the first `first` files at once, and the others when the test says so.
const spoil = ({ broken = "/^$/", folders = false, plain = true, first = Infinity }) => `(() => {
  const rest = new Promise((resolve) => (window.listRest = resolve));
  let files = 0;
  const error = (failed, name) => setTimeout(() => failed?.(new DOMException("", name)));
  const handled = (entry) => {
    if (!entry) return entry;
    if (entry.isDirectory) {
      const make = entry.createReader.bind(entry);
      entry.createReader = () => {
        const reader = make();
        const read = reader.readEntries.bind(reader);
        reader.readEntries = (done, failed) =>
          ${folders}
            ? error(failed, "EncodingError")
            : read((batch) => done(batch.map(handled)), failed);
        return reader;
      };
    } else {
      const file = entry.file.bind(entry);
      entry.file = (done, failed) => ${broken}.test(entry.name) ? error(failed, "NotFoundError") : (files++ < ${first} ? Promise.resolve() : rest).then(() => file(done, failed));
    }
    return entry;
  };
  const entryOf = DataTransferItem.prototype.webkitGetAsEntry;
  DataTransferItem.prototype.webkitGetAsEntry = function () { return handled(entryOf.call(this)); };
  if (!${plain}) DataTransferItem.prototype.getAsFile = () => null;
})();`;

const prepared = (how) => ({ prepare: (page) => page.addInitScript(spoil(how)) });

describe("a dropped folder", () => {
  let folder;
  let count;
  before(() => {
    const slices = middle(phantom("intake", { left: 0.08, right: 0.16, date: "20200420", slices: 62, columns: 128 }));
    count = slices.length;
    folder = writeStudy("intake-named", slices.map((bytes, index) => [`IM${String(index).padStart(4, "0")}.dcm`, bytes]));
  });
  const unreadable = async (app) => {
    await app.unfold();
    return (await app.issues()).find(({ code }) => code === "file.unreadable");
  };

  it("of which some files can't be opened is measured with a warning that counts and names them", () =>
    visit(prepared({ broken: String.raw`/IM000[0-2]/` }), async (app) => {
      await app.drop([folder], "dropzone");
      assert.equal(await app.outcome(), "finished");
      const issue = await unreadable(app);
      assert.match(issue.text, new RegExp(`Warning: 3 of ${count} files could not be opened: slices may be missing`));
      assert.match(issue.text, /intake-named\/IM000\d\.dcm/);
      const report = await app.report();
      const [reported] = report.issues.filter(({ code }) => code === "file.unreadable");
      assert.equal(reported.severity, "warning");
      assert.equal(reported.files, undefined, "names stay on the screen");
    }));

  for (const [name, how] of [
    ["no file", { broken: "/./" }],
    ["no list", { folders: true }],
  ]) {
    it(`of which ${name} can be had says so`, () =>
      visit(prepared(how), async (app) => {
        await app.drop([folder], "dropzone");
        await app.get("notices").filter({ hasText: /could not be (opened|looked through): there is nothing to measure/ }).waitFor({ timeout: PATIENCE_MS });
        assert.ok(await app.get("start").isVisible());
        assert.deepEqual(app.problems, []);
      }));
  }

  it("that takes long to be listed says how far it is, and can be cancelled", () =>
    visit(prepared({ first: 21 }), async (app) => {
      await app.drop([folder], "dropzone");
      await app.get("listing").waitFor({ timeout: PATIENCE_MS });
      await app.get("listed").filter({ hasText: /[1-9]\d* files/ }).waitFor({ timeout: PATIENCE_MS });
      await app.click("stop-listing");
      await app.get("listing").waitFor({ state: "detached" });
      await app.page.evaluate(() => globalThis.listRest());
      await app.page.waitForTimeout(1000);
      assert.ok(await app.get("start").isVisible());
    }));

  it("gives way to what the person wants while it is listed", () =>
    visit(prepared({ first: 21 }), async (app) => {
      await app.drop([folder], "dropzone");
      await app.get("listing").waitFor({ timeout: PATIENCE_MS });
      await app.openPhantom();
      await app.get("listing").waitFor({ state: "detached" });
      await app.page.evaluate(() => globalThis.listRest());
      assert.equal(await app.outcome(), "finished");
      assert.match(await app.words("study-series"), /synthetic/);
    }));

  it("whose files can't be opened as entries is taken as plain files", () =>
    visit(prepared({ broken: "/./" }), async (app) => {
      await app.drop(filesOf(folder).map((file) => path.resolve(file)), "dropzone");
      assert.equal(await app.outcome(), "finished");
      assert.equal(await unreadable(app), undefined);
    }));
});
