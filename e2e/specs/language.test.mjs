// The main job in Russian: drop, result, numbers as Russian writes them, a report in another
// language than the page's, the switch, and that it is kept.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open } from "../lib/app.mjs";
import { small } from "../lib/studies.mjs";

describe("the page in a Russian browser", () => {
  let app;
  let report;
  before(async () => (app = await open({ query: "?device=cpu&tier=quick", window: { locale: "ru-RU" } })));
  after(() => app?.close());

  const finished = async () => {
    const status = app.get("status").filter({ hasText: /^(Готово|Finished)/ });
    await status.waitFor({ state: "attached", timeout: STUDY_MS });
  };
  const language = () => app.page.evaluate(() => [document.documentElement.lang, document.title]);
  const focused = () => app.page.evaluate(() => document.activeElement.dataset.testid);
  // What can be read on the page, without names that come from the study or the networks.
  const readable = () =>
    app.page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (element.checkVisibility() && !element.closest(".series-name, .mono, script, [lang=en]")) found.push(walker.currentNode.data.trim());
      }
      return found.filter((text) => text).join("\n");
    });

  it("begins in Russian", async () => {
    assert.deepEqual(await language(), ["ru", "CoRSAI: поражение лёгких на КТ"]);
    assert.equal(await app.get("language-ru").getAttribute("aria-pressed"), "true");
    assert.match(await app.words("disclaimer"), /^Не является медицинским изделием/);
    for (const kind of [".zip", ".tar", ".gz", ".nii"]) assert.ok((await app.words("dropzone")).includes(kind), kind);
    assert.equal(await app.get("files-current").getAttribute("accept"), null, "no kind of file is left out");
    await app.shoot("language-ru-start");
  });

  it("measures a folder that is dropped, and writes its numbers as Russian does", async () => {
    await app.drop([small("language")], "dropzone");
    await finished();
    assert.match(await app.words("ct-class"), /^КТ-[0-4]$/);
    assert.equal(await app.words("study-date"), "20.04.2020");
    for (const side of ["right", "left", "both"]) assert.match(await app.words(`share-${side}`), /^\d+,\d %$/, side);
    await app.shoot("language-ru-measured");
  });

  it("tells a screen reader class and shares in one sentence", async () => {
    const [right, left, both] = await Promise.all(["right", "left", "both"].map((side) => app.words(`share-${side}`)));
    const sentence = `Готово: ${await app.words("ct-class")}, поражено ${both} обоих лёгких, ${right} правого лёгкого, ${left} левого лёгкого.`;
    assert.equal(await app.words("status"), sentence);
  });

  it("has no English word on screen", async () => {
    const english = (await readable()).match(/\b(the|and|of|lungs?|lesions?|study|slices?|share|open|drop|files?|networks?|computed)\b/gi);
    assert.equal(english, null, `${english}`);
  });

  it("saves its report in Russian, or in English where that is chosen", async () => {
    report = await app.report();
    assert.match(report.disclaimer, /^Не является медицинским изделием/);
    await app.get("report-language").selectOption("en");
    const english = await app.report();
    assert.match(english.disclaimer, /^Not a medical device/);
    assert.deepEqual(english.lungs, report.lungs);
    assert.equal((await language())[0], "ru", "the page stays as it is");
  });

  it("is drawn in English by the switch, with the same numbers, and the focus stays on it, and the cards where they were", async () => {
    const russian = await app.words("share-both");
    const shown = await app.slice();
    const scrolled = await app.page.locator(".cards").evaluate((cards) => ((cards.scrollTop = 40), cards.scrollTop));
    await app.get("language-en").focus();
    await app.page.keyboard.press("Enter");
    await app.get("disclaimer").filter({ hasText: "Not a medical device" }).waitFor();
    await app.settled();
    assert.equal(await focused(), "language-en");
    assert.deepEqual(await language(), ["en", "CoRSAI: lung lesions on chest CT"]);
    assert.equal(await app.words("share-both"), russian.replace(",", "."));
    assert.equal(await app.words("study-date"), "20 Apr 2020");
    assert.equal(await app.slice(), shown);
    assert.equal(await app.page.locator(".cards").evaluate((cards) => cards.scrollTop), scrolled, "the column stays where it was scrolled to");
    assert.match(await app.words("status"), /^Finished: CT-[0-4], affected: \d+\.\d % of both lungs/);
  });

  it("keeps both choices for the next visit", async () => {
    await app.page.reload();
    await app.get("start").waitFor();
    assert.equal((await language())[0], "en");
    const kept = await app.page.evaluate(() => Object.fromEntries(Object.entries(localStorage)));
    assert.deepEqual(kept, { "corsai.language": "en", "corsai.report-language": "en" });
  });

  it("raised no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});

describe("before the page runs", () => {
  it("says in both languages what it is, and when it fails", async () => {
    const app = await open({ bare: true, prepare: (page) => page.route(/\.wasm$/, (route) => route.abort()) });
    try {
      await app.page.locator("#static-failed").waitFor();
      const words = await app.page.locator("#static").innerText();
      for (const sentence of ["Not a medical device", "Не является медицинским изделием", "could not be started", "не удалось запустить"]) {
        assert.ok(words.includes(sentence), sentence);
      }
    } finally {
      await app.close();
    }
  });
});
