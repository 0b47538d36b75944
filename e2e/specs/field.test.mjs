// CT as hospitals hand it over (part E of inference/study/CHECKLIST.md), in the page: each case
// ends in a right number with its warning beside it, or in a sentence that says what happened and
// then what to do.

import assert from "node:assert/strict";
import { linkSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";

import { DESKTOP, PATIENCE_MS, STUDY_MS, open, visit } from "../lib/app.mjs";
import { gzip, nifti, sevenZip, tar, zip } from "../lib/archives.mjs";
import { TAG, changed, copied, cropped, enlarged, text, value } from "../lib/dicom.mjs";
import { sentences } from "../lib/sentences.mjs";
import * as studies from "../lib/studies.mjs";
import { takeNewer, updating } from "../lib/versions.mjs";

const QUICK = { query: "?device=cpu&tier=quick" };
const MADE = { left: 0.12, right: 0.24, date: "20200420", columns: 128 };

const named = (slices) => slices.map((bytes, index) => [`study/IM${String(index).padStart(4, "0")}.dcm`, bytes]);
const upper = (slices, change) => slices.map((bytes, index) => (2 * index < slices.length ? bytes : change(bytes)));

// What a person reads of a code, without opening anything: the whole sentence, in its order.
async function shown(code, within) {
  const issue = app.get(within).locator(`[data-testid=issue][data-code="${code}"]`).filter({ visible: true });
  await issue.first().waitFor({ timeout: PATIENCE_MS });
  const words = (await issue.first().textContent()).trim();
  const { what, advice } = sentences(code);
  assert.ok(words.includes(what) && words.indexOf(advice) > words.indexOf(what), `${words}: ${what} ${advice}`);
  return words;
}

// Measures what was opened. Where the page lists the series first, the warning is in the list, too.
async function measured(code) {
  let outcome = await app.outcome();
  if (outcome === "choose") {
    if (code) await shown(code, "series");
    await app.get("choose-series").first().click();
    outcome = await app.outcome();
  }
  assert.equal(outcome, "finished", JSON.stringify(await app.issues()));
  assert.ok((await app.lung("both")).share > 0);
  return app.report();
}

// A number, and its warning beside it, on the first screen, and in the report.
async function warned(code) {
  const report = await measured(code);
  const words = await shown(code, "severity");
  assert.match(words, /Warning:/);
  // Saving the report has scrolled the cards.
  await app.page.locator(".cards").evaluate((cards) => cards.scrollTo(0, 0));
  const { y, height } = await app.get("severity").locator(`[data-code="${code}"]`).boundingBox();
  assert.ok(y > 0 && y + height < DESKTOP.height, `it is from ${y} to ${y + height}`);
  assert.equal(report.issues.find((issue) => issue.code === code)?.severity, "warning", JSON.stringify(report.issues));
  return { report, words };
}

// The lungs of a study without anything odd, which is then closed.
async function alone(name, slices) {
  await app.openFolder(studies.writeStudy(name, slices));
  const { lungs } = await measured();
  await app.closeStudy();
  return lungs;
}

const close = ({ left, right }, other, points = 0.01) => {
  for (const [side, one, two] of [["left", left, other.left], ["right", right, other.right]]) {
    assert.ok(Math.abs(one.share - two.share) <= points, `${side}: ${one.share} and ${two.share}`);
  }
};

// One page; the slices of a synthetic chest from the lowest up, its middle, every second slice of
// that, and what is measured of both.
let [app, whole, good, few, ofGood, ofFew] = [];
before(async () => {
  whole = studies.slicesOf(studies.phantom("field-whole", { ...MADE, slices: 62 }));
  good = whole.slice(17, 43);
  few = good.filter((_, index) => index % 2 === 0);
  app = await open(QUICK);
  ofFew = await alone("field-few", few);
  ofGood = await alone("field-good", good);
});
after(() => app?.close());
afterEach(async () => {
  for (const button of ["remove-previous", "close-study"]) if (await app.get(button).isVisible()) await app.click(button);
  await app.get("start").waitFor();
  assert.deepEqual(app.problems.splice(0), []);
});

describe("a case from the field", () => {
  const drop = (name, files) => app.drop([studies.writeStudy(`field-${name}`, files)], "dropzone");

  // ── In place of a folder ───────────────────────────────────────────────────────────────────────

  for (const [name, make] of [
    ["a tar.gz", () => [["study.tar.gz", gzip(tar(named(few)))]]],
    ["slices that are gzipped one by one", () => named(few).map(([file, bytes]) => [`${path.basename(file)}.gz`, gzip(bytes)])],
    ["a zip in a zip in a zip", () => [["disc.zip", zip([["CD/export.zip", zip([["series.zip", zip(named(few))]])]])]]],
  ]) {
    it(`is measured from ${name}`, async () => {
      await drop(name.replaceAll(/\W/g, "-"), make());
      const { lungs, issues } = await measured();
      close(lungs, ofFew, 0);
      assert.ok(!issues.some(({ code }) => /^(file|archive|zip)\./.test(code)), JSON.stringify(issues));
    });
  }

  for (const [name, make] of [
    ["study.nii", (volume) => volume],
    ["study.nii.gz", gzip],
  ]) {
    it(`is measured from ${name}, with a note that nobody is named in it`, async () => {
      await drop(name, [[name, make(nifti(few))]]);
      const { lungs } = await measured();
      close(lungs, ofFew, 0);
      await app.unfold();
      await shown("nifti.anonymous", "issues");
    });
  }

  const closed = {
    "a zip with a password": ["study.zip", () => zip(named(few), { password: true }), "archive.password", /password/],
    "a 7-Zip archive": ["study.7z", sevenZip, "archive.unsupported", /7-Zip/],
  };
  for (const [name, [file, make, code, reason]] of Object.entries(closed)) {
    it(`that is ${name} is named as that, with what to do`, async () => {
      await drop(name.replaceAll(/\W/g, "-"), [[file, make()]]);
      assert.equal(await app.outcome(), "no number");
      assert.match(await shown(code, "issues"), reason);
      assert.equal(await app.get("severity").count(), 0);
    });
  }

  // ── What belongs together ──────────────────────────────────────────────────────────────────────

  for (const [name, change] of [
    ["acquisitions", { [TAG.acquisition]: "2", [TAG.acquisitionTime]: "101730" }],
    ["kernels", { [TAG.kernel]: "B70f" }],
  ]) {
    it(`with two ${name} whose slices lie between one another is measured by one of them`, async () => {
      // Other pictures in the places of every second slice: the lungs at another breath.
      const odd = (bytes, index) => changed(bytes, { [TAG.kernel]: "B30f", ...change, [TAG.pixels]: value(whole[index + 10], TAG.pixels) });
      const mixed = good.map((bytes, index) => (index % 2 ? odd(bytes, index) : changed(bytes, { [TAG.kernel]: "B30f" })));
      await drop(`${name}-mixed`, mixed);
      const { report, words } = await warned("series.split");
      assert.match(words, new RegExp(`${few.length} of ${good.length} images`));
      close(report.lungs, ofFew, 0);
    });
  }

  it("with a pass over the chest and one over the belly is measured by the one with the lungs", async () => {
    const height = (bytes) => Number(text(bytes, TAG.position).split("\\")[2]);
    const [lowest, apart] = [height(few[0]), height(few[1]) - height(few[0])];
    // The lowest slice shows the belly. It lies off the chest's grid, and the upper ones within it.
    const belly = Array.from({ length: 10 }, (_, index) => {
      const slice = copied(whole[0], { suffix: `.${index + 1}`, further: lowest - height(whole[0]) + 30 - (index + 0.4) * apart });
      return changed(slice, { [TAG.acquisition]: "2", [TAG.acquisitionTime]: "101620" });
    });
    assert.ok(belly.some((slice) => height(slice) > lowest));
    await drop("passes", [...few, ...belly]);
    const { report, words } = await warned("series.split");
    assert.match(words, new RegExp(`${few.length} of ${few.length + belly.length} images`));
    close(report.lungs, ofFew, 0);
  });

  it("whose patient identifier changes within the series is one series, with a warning", async () => {
    await drop("identifiers", upper(few, (bytes) => changed(bytes, { [TAG.patient]: "PHANTOM-1^^^HOSPITAL" })));
    const { report, words } = await warned("series.identifiers");
    assert.equal(report.study.slices, few.length);
    assert.match(words, /Patient ID/);
    close(report.lungs, ofFew, 0);
  });

  it("of two people in one series is never measured as one, or a part as the whole", async () => {
    await drop("people", upper(few, (bytes) => changed(bytes, { [TAG.patient]: "PHANTOM-2", [TAG.patientName]: "Another^Phantom" })));
    assert.equal(await app.outcome(), "no number");
    await shown("series.several-people", "refused");
  });

  // ── What is measured with a warning ────────────────────────────────────────────────────────────

  const odd = {
    "with a field of view narrower than the lungs": [() => few.map((bytes) => cropped(bytes, 72)), "lungs.beyond-field", /the right side, the left side/],
    "of derived axial slices": [() => few.map((bytes) => changed(bytes, { [TAG.imageType]: "DERIVED\\SECONDARY" })), "series.derived", /derived/, () => ofFew, 0],
    "with every second slice of a stretch missing": [() => good.filter((_, index) => ![9, 11, 13, 15].includes(index)), "geometry.uneven-spacing", /5(\.0+)? to 10(\.0+)? mm/, () => ofGood, 0.01],
  };
  for (const [name, [make, code, found, truth, points]] of Object.entries(odd)) {
    it(`${name} is measured, and says so: ${code}`, async () => {
      await drop(code, make());
      const { report, words } = await warned(code);
      assert.match(words, found);
      if (truth) close(report.lungs, truth(), points);
    });
  }
});

describe("two dates from the field", () => {
  // The pictures of two visits, with changes to each.
  const visits = (earlier, later) => {
    const make = (name, shares, change) => studies.writeStudy(name, studies.slicesOf(studies.small(name, shares)).map(change));
    return {
      previous: make("field-earlier", { left: 0.12, right: 0.24, date: "20200420" }, earlier),
      current: make("field-later", { left: 0.3, right: 0.45, date: "20200510" }, later),
    };
  };
  const compared = async ({ previous, current }) => {
    await app.openFolder(current);
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    await app.click("add-earlier");
    await app.openFolder(previous, "previous");
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    return (await app.report()).dynamics;
  };

  it("that were made in another way are compared with a warning that says what differs", async () => {
    const smaller = (bytes) => {
      const scaled = (tag) => text(bytes, tag).split("\\").map((mm, axis) => (axis < 2 ? (Number(mm) * 0.854).toFixed(5) : mm)).join("\\");
      return { [TAG.pixelSpacing]: scaled(TAG.pixelSpacing), [TAG.position]: scaled(TAG.position) };
    };
    const dynamics = await compared(
      visits(
        (bytes) => changed(bytes, { [TAG.kernel]: "B30f", [TAG.kvp]: "120" }),
        (bytes) => changed(bytes, { [TAG.kernel]: "B70f", [TAG.kvp]: "80", [TAG.contrast]: "IV contrast", ...smaller(bytes) }),
      ),
    );
    const words = await shown("dynamics.other-protocol", "dynamics");
    for (const found of [/another convolution kernel/, /tube voltage 120 kV and 80 kV/, /contrast medium/, /another depth of breath/]) {
      assert.match(words, found);
    }
    assert.deepEqual(dynamics.issues.map(({ code, severity }) => [code, severity]), [["dynamics.other-protocol", "warning"]]);
  });

  it("of which nothing says whose they are are compared with a warning", async () => {
    const nameless = (bytes) => changed(bytes, { [TAG.patient]: "", [TAG.patientName]: "" });
    const dynamics = await compared(visits(nameless, nameless));
    await shown("dynamics.unknown-patient", "dynamics");
    assert.deepEqual(dynamics.issues.map(({ code, severity }) => [code, severity]), [["dynamics.unknown-patient", "warning"]]);
  });

  it("that bear one Study Instance UID are compared", async () => {
    const same = (bytes) => changed(bytes, { [TAG.studyInstance]: "2.25.1" });
    const dynamics = await compared(visits(same, same));
    assert.equal(dynamics.verdict, "progression");
    assert.deepEqual(dynamics.issues, []);
  });
});

describe("more than memory holds", () => {
  // A picture of 512² pixels of one value, which takes no place on the disk.
  function writeEmptySlices(folder, slice, { series, count }) {
    mkdirSync(folder, { recursive: true });
    const [side, bytes] = [Buffer.from([0, 2]), 512 * 512 * 2];
    for (let index = 0; index < count; index += 1) {
      const one = copied(slice, { suffix: `.${series}.${index}`, series: `.${series}`, further: index * 0.6 });
      const file = changed(one, { [TAG.rows]: side, [TAG.columns]: side, [TAG.pixelSpacing]: "0.7\\0.7", [TAG.seriesDescription]: `Phase ${series}`, [TAG.pixels]: Buffer.alloc(2) });
      file.writeUInt32LE(bytes, file.length - 6);
      const name = path.join(folder, String(index).padStart(5, "0"));
      writeFileSync(name, file);
      truncateSync(name, file.length - 2 + bytes);
    }
  }

  it("is listed, and of a whole disc one series is chosen and read", async () => {
    const disc = studies.writeStudy("field-disc", []);
    mkdirSync(path.join(disc, "SE000001"));
    few.forEach((bytes, index) => writeFileSync(path.join(disc, "SE000001", `${index}`), bytes));
    for (const series of [2, 3, 4]) writeEmptySlices(path.join(disc, `SE00000${series}`), few[0], { series, count: 1040 });
    await app.drop([disc], "dropzone");
    assert.equal(await app.outcome(), "choose", JSON.stringify(await app.issues()));
    assert.equal(await app.get("series").count(), 4);
    const one = app.get("series").filter({ hasText: "Synthetic chest" });
    assert.match(await one.textContent(), new RegExp(`${few.length} slices`));
    await one.getByTestId("choose-series").click();
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    close((await app.report()).lungs, ofFew, 0);
  });

  it("is read by every second row and column, and says so beside the numbers", async () => {
    await app.openFolder(studies.writeStudy("field-matrix", good.map((bytes) => enlarged(bytes, 32))));
    const { report, words } = await warned("input.reduced");
    assert.match(words, /26 slices of 2048 × 2048 in place of 26 slices of 4096 × 4096/);
    close(report.lungs, ofGood, 0.02);
    await app.shoot("field-reduced");
  });
});

describe("a folder of 10,000 files", () => {
  // Remembers what the page says of its progress.
  const remember = () => {
    window.progress = new Set();
    const look = () => document.querySelectorAll(".progress-detail").forEach((line) => window.progress.add(line.textContent));
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  };

  it("says how far it is while it is listed and while it is read", async () => {
    const folder = studies.writeStudy("field-many", few);
    const note = path.join(folder, "note.txt");
    writeFileSync(note, "no picture\n".repeat(100));
    const notes = 10_000 - few.length;
    for (let index = 1; index < notes; index += 1) {
      const inside = path.join(folder, `${index % 10}`);
      if (index <= 10) mkdirSync(inside);
      linkSync(note, path.join(inside, `${index}.txt`));
    }
    await app.page.evaluate(remember);
    await app.drop([folder], "dropzone");
    const report = await measured();
    const said = await app.page.evaluate(() => [...window.progress]);
    const counts = (pattern) => said.map((words) => words.match(pattern)?.[1]).filter(Boolean).map((count) => Number(count.replace(/\D/g, "")));
    const [listed, read] = [counts(/^([\d\s]+) files$/), counts(/file ([\d\s]+) of 10\s?000/)];
    for (const found of [listed, read]) assert.ok(found.length > 20 && Math.max(...found) > 5_000, JSON.stringify(said.slice(0, 50)));
    assert.equal(report.issues.find(({ code }) => code === "file.not-dicom")?.found.length, 1);
    await app.unfold();
    assert.match(await shown("file.not-dicom", "issues"), new RegExp(`${notes.toLocaleString("en").replace(",", ".?")} files`));
  });
});

describe("a drop that the browser can't hand out whole", () => {
  const elsewhere = (script, look) => visit({ ...QUICK, prepare: (page) => page.addInitScript(script) }, look);
  let folder;
  before(() => {
    folder = studies.writeStudy("field-drop", []);
    for (const inside of ["SE000001", "SE000002"]) mkdirSync(path.join(folder, inside));
    few.forEach((bytes, index) => writeFileSync(path.join(folder, "SE000001", `IM${index}.dcm`), bytes));
    writeFileSync(path.join(folder, "SE000002", "IM0.dcm"), few[0]);
  });

  it("is measured with a warning that counts and names the folder that can't be looked through", () => {
    const unlisted = () => {
      const handled = (entry) => {
        if (!entry?.isDirectory) return entry;
        const create = entry.createReader.bind(entry);
        entry.createReader = () => {
          const reader = create();
          const read = reader.readEntries.bind(reader);
          // As Chromium on Windows did of every folder: it throws, and calls nobody back.
          reader.readEntries = (done, failed) => {
            if (entry.name === "SE000002") throw new DOMException("URI malformed", "EncodingError");
            read((batch) => done(batch.map(handled)), failed);
          };
          return reader;
        };
        return entry;
      };
      const entryOf = DataTransferItem.prototype.webkitGetAsEntry;
      DataTransferItem.prototype.webkitGetAsEntry = function () {
        return handled(entryOf.call(this));
      };
    };
    return elsewhere(unlisted, async (app) => {
      await app.drop([folder], "dropzone");
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      const issue = (await app.issues()).find(({ code }) => code === "file.unreadable");
      assert.match(issue.text, /Warning: 1 folder could not be looked through: slices may be missing\. \S/);
      assert.match(issue.text, /field-drop\/SE000002/);
      assert.equal((await app.report()).study.slices, few.length);
      assert.deepEqual(app.problems, []);
    });
  });

  for (const [name, script] of [
    ["has no entries for", () => (DataTransferItem.prototype.webkitGetAsEntry = () => null)],
    [
      "throws over",
      () =>
        (DataTransferItem.prototype.webkitGetAsEntry = () => {
          throw new DOMException("URI malformed", "EncodingError");
        }),
    ],
  ]) {
    it(`is taken as a plain list of files, which it ${name}`, () =>
      elsewhere(script, async (app) => {
        const files = studies.filesOf(path.join(folder, "SE000001"));
        await app.drop(files, "dropzone");
        assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
        assert.equal((await app.report()).study.slices, few.length);
        assert.ok(!(await app.issues()).some(({ code }) => code.startsWith("file.")));
        assert.deepEqual(app.problems, []);
      }));
  }
});

describe("a newer version that another tab takes", () => {
  // The newer build has other networks, too: those of the older one are gone from the host.
  const gone = (state) => {
    const newer = updating(state);
    return { answer: (name, ...rest) => (state.newer && /^models\/.*\.bin$/.test(name) ? { status: 404, body: "gone" } : newer.answer(name, ...rest)) };
  };

  it("ends no study that is being measured, and what can't be had any more is said, with the way on", async () => {
    const state = { newer: false };
    const first = await open({ ...QUICK, host: gone(state) });
    try {
      await first.ready();
      const second = await first.another(QUICK.query);
      await second.ready();
      await second.openFolder(studies.small("field-tabs"));
      state.newer = true;
      await takeNewer(first);
      // The worker dies, and another one of the same version takes over.
      await second.kill();
      assert.equal(await second.outcome(), "finished", JSON.stringify(await second.issues()));
      const { share } = await second.lung("both");

      await second.click("refine");
      const issue = second.page.locator('[data-testid=issue][data-code="weights.unavailable"]');
      await issue.waitFor({ timeout: STUDY_MS });
      const { what, advice } = sentences("weights.unavailable");
      const words = await issue.textContent();
      assert.ok(words.includes(what) && words.includes(advice), words);
      assert.match(words, /reload the page/);
      assert.equal((await second.lung("both")).share, share, "the numbers stay");
    } finally {
      await first.close();
    }
  });
});
