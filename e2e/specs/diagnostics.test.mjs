// Diagnostics: the last lines of page and worker, to be read and copied by the person. They hold no
// name of a file and no value of a header, and nothing of them is stored or sent.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";

import { PATIENCE_MS, PHONE, STUDY_MS, visit } from "../lib/app.mjs";

const disclosure = (app) => app.get("diagnostics").locator("summary");

// Opens the settings and the section within; the lines are those of this moment.
async function lines(app) {
  await app.click("settings-open");
  await disclosure(app).click();
  await app.get("diagnostics-lines").filter({ hasText: "page started" }).waitFor({ timeout: PATIENCE_MS });
  return (await app.get("diagnostics-lines").textContent()).trim().split("\n");
}

describe("diagnostics", () => {
  it("list what page and worker did, and are copied on a click", { timeout: STUDY_MS }, async () => {
    // The policy lets nobody read the clipboard, so what is put there is written down.
    const prepare = (page) => page.addInitScript(() => { Clipboard.prototype.writeText = async (text) => void (globalThis.copied = text); });
    await visit({ prepare }, async (app) => {
      await app.openPhantom();
      await app.get("volume-both").waitFor({ timeout: STUDY_MS });
      const found = await lines(app);
      for (const words of ["worker starts", "worker ready", "device chosen", "study opens", "series found", "volume known"]) {
        assert.ok(found.some((line) => line.startsWith("page") && line.includes(words)), `${words}:\n${found.join("\n")}`);
      }
      assert.ok(found.some((line) => line.startsWith("worker")), found.join("\n"));
      await app.click("diagnostics-copy");
      await app.get("diagnostics-status").filter({ hasText: "Copied" }).waitFor();
      assert.deepEqual((await app.page.evaluate(() => globalThis.copied)).trim().split("\n"), found);
      assert.equal(await app.page.evaluate(() => Object.keys(localStorage).filter((key) => /diagnos/i.test(key)).length), 0);
    });
  });

  it("hold no name of a file and nothing that a file holds", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "corsai-"));
    const name = "DOE-JANE-19010203";
    writeFileSync(path.join(folder, `${name}.dcm`), `${"\0".repeat(128)}DICM${name}`);
    await visit({}, async (app) => {
      await app.openFiles([path.join(folder, `${name}.dcm`)]);
      await app.get("refused").or(app.get("notices").locator("[data-testid=issue]")).first().waitFor({ timeout: PATIENCE_MS });
      const found = (await lines(app)).join("\n");
      assert.match(found, /files listed files=1/);
      assert.equal(/DOE|JANE|19010203/.test(found), false, found);
    });
  });

  it("open, scroll and close by the keyboard, at a phone's width", async () => {
    await visit({ window: { viewport: PHONE } }, async (app) => {
      await app.click("settings-open");
      await disclosure(app).focus();
      await app.page.keyboard.press("Enter");
      const text = app.page.getByRole("region", { name: "Diagnostic lines" });
      await text.filter({ hasText: "page started" }).waitFor({ timeout: PATIENCE_MS });
      await app.page.keyboard.press("Tab");
      assert.equal(await app.page.evaluate(() => document.activeElement.dataset.testid), "diagnostics-lines");
      const wide = await text.evaluate((element) => element.scrollWidth - element.clientWidth);
      assert.ok(wide <= 0, `${wide} pixels wider than the phone`);
      await app.page.keyboard.press("Tab");
      assert.equal(await app.page.evaluate(() => document.activeElement.dataset.testid), "diagnostics-copy");
      await disclosure(app).focus();
      await app.page.keyboard.press("Enter");
      await text.waitFor({ state: "hidden" });
    });
  });
});
