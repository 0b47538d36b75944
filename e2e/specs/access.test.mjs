// For those who use no mouse, hear the page, see it large or tell colours apart badly: axe's checks of each view, the
// main job by keyboard alone, and layout at twice the letters' size.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PHONE, open } from "../lib/app.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe("the page, for everybody", () => {
  let app;
  before(async () => {
    app = await open({ query: "?device=cpu&tier=quick" });
    // Evaluated by a debugger, which no policy binds.
    await app.page.evaluate(AXE);
  });
  after(() => app?.close());

  const passes = async (t) => {
    const { violations, passes } = await app.page.evaluate(() => axe.run());
    t.diagnostic(`${passes.length} rules hold`);
    assert.ok(passes.length > 10);
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
  };
  const fits = async () => {
    for (const viewport of [DESKTOP, PHONE]) {
      await app.page.setViewportSize(viewport);
      await app.page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
      await app.settled();
      const wide = await app.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await app.page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
      assert.ok(wide <= 0, `${wide} pixels too wide at ${viewport.width}`);
    }
    await app.page.setViewportSize(DESKTOP);
  };
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

  it("begins well", async (t) => {
    await passes(t);
    await fits();
  });

  for (const name of ["settings", "privacy"]) {
    it(`has a window of ${name} that opens, holds the focus and closes by keys`, async (t) => {
      await tabTo(`${name}-open`);
      await app.page.keyboard.press("Enter");
      await app.get(name).waitFor();
      await passes(t);
      await app.page.keyboard.press("Escape");
      await app.get(name).waitFor({ state: "hidden" });
      assert.equal(await focused(), `${name}-open`);
    });
  }

  it("measures a study and shows its slices by keyboard alone", async (t) => {
    await tabTo("open-phantom");
    await app.page.keyboard.press("Enter");
    assert.equal(await app.outcome(), "finished");
    await passes(t);
    await fits();
    await tabTo("canvas");
    const before = await app.slice();
    await app.page.keyboard.press("ArrowUp");
    assert.equal(await app.slice(), before + 1);
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
