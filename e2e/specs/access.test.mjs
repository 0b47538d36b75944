// For those who use no mouse, hear the page, see it large or tell colours apart badly: axe's checks
// of each view in both languages and both themes, the main job by keyboard alone, and the layout on
// a desk and on a phone, in a browser whose letters are twice as large, or that is zoomed to 200 %.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PATIENCE_MS, PHONE, STUDY_MS, TABLET, open } from "../lib/app.mjs";
import { halting, reached } from "../lib/fault_injection.mjs";
import { OUT, asOtherSeries, slicesOf, small, writeStudy } from "../lib/studies.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe("the page, for everybody", () => {
  let app;
  before(async () => {
    // Without transitions: colours halfway between two themes are no theme's.
    app = await open({ query: "?device=cpu&tier=quick", window: { reducedMotion: "reduce" } });
    // Evaluated by a debugger, which no policy binds.
    await app.page.evaluate(AXE);
  });
  after(() => app?.close());

  // The page in each language and theme, English and dark at the end.
  const inEach = async (look) => {
    for (const language of ["ru", "en"]) {
      await app.click(`language-${language}`);
      for (const theme of ["light", "dark"]) {
        await app.get("theme").selectOption(theme);
        await app.settled();
        await look(`${language}-${theme}`);
      }
    }
  };
  const assertNothingFound = async (what) => {
    const { violations, passes } = await app.page.evaluate(() => window.axe.run());
    assert.ok(passes.length > 10, what);
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), [], what);
  };
  // axe finds nothing in the view on screen; pictures of it are left in e2e/out.
  const passes = (name) =>
    inEach(async (which) => {
      await assertNothingFound(`${name}, ${which}`);
      await app.page.screenshot({ path: `${OUT}/access-${name}-${which}.png` });
    });
  const focused = () => app.page.evaluate(() => document.activeElement.dataset.testid ?? document.activeElement.className);
  // Presses Tab until an element has the focus.
  const tabTo = async (id) => {
    const passed = [];
    for (let step = 0; step < 80; step += 1) {
      await app.page.keyboard.press("Tab");
      passed.push(await focused());
      if (passed.at(-1) === id) return;
    }
    assert.fail(`${id} can't be reached by Tab: ${passed}`);
  };

  it("begins well", () => passes("start"));

  // Presses Tab so often that the focus would leave a window that doesn't hold it.
  const holdsFocus = async (dialog) => {
    for (let step = 0; step < 30; step += 1) {
      await app.page.keyboard.press("Tab");
      const inside = await app.page.evaluate((id) => {
        const { activeElement } = document;
        return activeElement === document.body || activeElement.closest("dialog")?.dataset.testid === id;
      }, dialog);
      assert.ok(inside, `the focus left ${dialog} for ${await focused()}`);
    }
  };
  for (const name of ["settings", "privacy"]) {
    it(`has a window of ${name} that opens, holds the focus and closes by keys`, () =>
      inEach(async (which) => {
        await tabTo(`${name}-open`);
        await app.page.keyboard.press("Enter");
        await app.get(name).waitFor();
        await assertNothingFound(`${name}, ${which}`);
        await app.page.screenshot({ path: `${OUT}/access-${name}-${which}.png` });
        await holdsFocus(name);
        await app.page.keyboard.press("Escape");
        await app.get(name).waitFor({ state: "hidden" });
        assert.equal(await focused(), `${name}-open`);
      }));
  }

  it("lists its keys on ?, and gives the focus back", () =>
    inEach(async (which) => {
      await app.get("settings-open").focus();
      await app.page.keyboard.press("?");
      await app.get("key-sheet").waitFor();
      assert.ok((await app.words("key-sheet")).includes("Home / End"));
      await assertNothingFound(`key sheet, ${which}`);
      await app.page.screenshot({ path: `${OUT}/access-key-sheet-${which}.png` });
      await holdsFocus("key-sheet");
      await app.page.keyboard.press("Escape");
      await app.get("key-sheet").waitFor({ state: "hidden" });
      assert.equal(await focused(), "settings-open");
    }));

  it("keeps the focus on the switch that draws the page anew", async () => {
    for (const language of ["ru", "en"]) {
      await tabTo(`language-${language}`);
      await app.page.keyboard.press("Enter");
      await app.page.waitForFunction((tag) => document.documentElement.lang === tag, language);
      await app.settled();
      assert.equal(await focused(), `language-${language}`);
    }
  });

  it("says why it has no number", async () => {
    await app.openFiles(path.join(writeStudy("access-refused", [["letter.txt", Buffer.from("Dear colleague\n".repeat(50))]]), "letter.txt"));
    assert.equal(await app.outcome(), "no number");
    assert.match(await app.words("status"), /^No number\. .+\.$/, "the reason is a sentence");
    await passes("refused");
    await app.closeStudy();
  });

  it("lists series to choose from", async () => {
    const slices = slicesOf(small("access-series"));
    await app.openFolder(writeStudy("access-two-series", [...slices, ...slices.map(asOtherSeries)]));
    assert.equal(await app.outcome(), "choose");
    await passes("series");
    await app.closeStudy();
  });

  it("measures a study and shows its slices by keyboard alone", async () => {
    await tabTo("open-phantom");
    await app.page.keyboard.press("Enter");
    assert.equal(await app.outcome(), "finished");
    await passes("measured");
    await tabTo("slice-slider");
    const before = await app.slice();
    await app.page.keyboard.press("ArrowUp");
    await app.showsSlice(before + 1);
  });

  it("compares two studies", async () => {
    await app.click("add-earlier");
    await passes("earlier-offered");
    await app.click("phantom-worse");
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    await passes("compared");
    await app.click("remove-previous");
    await app.get("undo-offer").waitFor();
    await passes("notice");
    await app.click("undo-dismiss");
  });

  it("tells lungs and lesions apart by more than colour", async () => {
    await app.click("most-lesions");
    const lines = await app.get("canvas").evaluate(async (canvas) => {
      const seen = new Set();
      const stroke = CanvasRenderingContext2D.prototype.stroke;
      CanvasRenderingContext2D.prototype.stroke = function (...what) {
        const scale = this.getTransform().a;
        seen.add(`${this.getLineDash().map((length) => Math.round(length * scale))} × ${(this.lineWidth * scale).toFixed(2)}`);
        return stroke.apply(this, what);
      };
      canvas.dispatchEvent(new Event("contextrestored"));
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      CanvasRenderingContext2D.prototype.stroke = stroke;
      return [...seen];
    });
    assert.equal(lines.length, 3, `left, right and lesions each have a line of their own: ${lines}`);
  });
});

// A browser whose own letters are 32 pixels, as a person sets it, beside the usual 16.
describe("the page, in large letters", () => {
  const LARGE = ["--blink-settings=defaultFontSize=32"];
  // Sizes of all letters in sight, in pixels, smallest first.
  const sizes = (app) =>
    app.page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const seen = walker.currentNode.data.trim() && element.checkVisibility() && !element.closest(".unseen, svg");
        if (seen) found.push(parseFloat(getComputedStyle(element).fontSize));
      }
      return found.sort((a, b) => a - b);
    });
  // What is wider than the window, or than a box that neither scrolls nor wraps it.
  const tooWide = (app) =>
    app.page.evaluate(() => {
      const scrolls = (element) => element && (["auto", "scroll"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
      const all = [...document.querySelectorAll("body *")].filter(
        (element) => element.checkVisibility() && !element.closest(".unseen, .skip, svg, dialog:not([open])"),
      );
      return all
        .filter((element) => {
          const { left, right } = element.getBoundingClientRect();
          const scroller = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
          const box = scroller && element.scrollWidth > element.clientWidth + 1;
          return box || ((right > innerWidth + 1 || left < -1) && !scrolls(element.parentElement));
        })
        .map((element) => `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`);
    });
  const fits = async (app, what) => {
    for (const viewport of [DESKTOP, TABLET, PHONE]) {
      await app.page.setViewportSize(viewport);
      await app.settled();
      assert.deepEqual(await tooWide(app), [], `${what} at ${viewport.width}`);
      await app.page.screenshot({ path: `${OUT}/large-${what}-${viewport.width}.png` });
    }
    await app.page.setViewportSize(DESKTOP);
  };

  it("follows the browser's letter size", async () => {
    const [usual, large] = [await open(), await open({ flags: LARGE })];
    try {
      for (const app of [usual, large]) await app.page.setViewportSize(PHONE);
      const [small, twice] = [await sizes(usual), await sizes(large)];
      assert.deepEqual(twice, small.map((size) => size * 2));
    } finally {
      await usual.close();
      await large.close();
    }
  });

  const ways = { usual: {}, letters: { flags: LARGE }, zoom: { window: { deviceScaleFactor: 2 } } };
  for (const [way, language] of Object.keys(ways).flatMap((way) => [[way, "en"], [way, "ru"]])) {
    it(`overflows nowhere: ${way}, ${language}`, async () => {
      const name = `${way}-${language}`;
      const { window, ...options } = ways[way];
      const app = await open({ query: "?device=cpu&tier=quick", host: halting(reached("lungs")), window: { ...window, locale: language }, ...options });
      const finished = app.get("status").filter({ hasText: /^(Finished|Готово)/ });
      try {
        if (way === "zoom") {
          // What a window of 1440 × 900 or 780 × 844 is to a page at 200 %.
          for (const viewport of [{ width: 720, height: 450 }, { width: 390, height: 422 }]) {
            await app.page.setViewportSize(viewport);
            assert.deepEqual(await tooWide(app), []);
          }
        } else await fits(app, `${name}-start`);
        for (const dialog of ["settings", "privacy"]) {
          await app.click(`${dialog}-open`);
          await fits(app, `${name}-${dialog}`);
          await app.click(`${dialog}-close`);
        }
        await app.openFolder(small(`large-${name}`));
        await app.halted();
        await app.get("progress").waitFor({ timeout: PATIENCE_MS });
        await fits(app, `${name}-measuring`);
        await app.goOn();
        await finished.waitFor({ state: "attached", timeout: STUDY_MS });
        await app.click("add-earlier");
        await fits(app, `${name}-measured`);
      } finally {
        await app.close();
      }
    });
  }
});
