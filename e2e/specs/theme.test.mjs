// Light, dark, forced colours and paper: the system's wish, the switch that overrules it, pictures
// that stay on black, and a printed report without what one works with.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open } from "../lib/app.mjs";
import { OUT, small } from "../lib/studies.mjs";

// How light the ground of an element is, 0..=255.
const lightness = (app, selector = "html") =>
  app.page.locator(selector).first().evaluate((element) => {
    const [red, green, blue] = getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number);
    return (red + green + blue) / 3;
  });
const isLight = async (app) => (await lightness(app)) > 200;
const isDark = async (app) => (await lightness(app)) < 50;
const focused = (app) => app.page.evaluate(() => document.activeElement.dataset.testid);

describe("the theme", () => {
  let app;
  before(async () => (app = await open({ window: { colorScheme: "light" } })));
  after(() => app?.close());

  it("is the system's, and changes with it", async () => {
    assert.ok(await isLight(app));
    await app.shoot("theme-light-start");
    await app.page.emulateMedia({ colorScheme: "dark" });
    assert.ok(await isDark(app));
    await app.page.emulateMedia({ colorScheme: "light" });
    assert.ok(await isLight(app));
  });

  it("is the one of the switch, which keeps the focus and is kept for the next visit", async () => {
    await app.get("theme").focus();
    await app.get("theme").selectOption("dark");
    assert.ok(await isDark(app));
    assert.equal(await focused(app), "theme");
    await app.page.reload();
    await app.get("start").waitFor();
    assert.ok(await isDark(app));
    assert.equal(await app.get("theme").inputValue(), "dark");
    await app.page.emulateMedia({ colorScheme: "dark" });
    await app.get("theme").selectOption("light");
    assert.ok(await isLight(app));
    await app.get("theme").selectOption("system");
    assert.ok(await isDark(app));
    assert.deepEqual(await app.page.evaluate(() => Object.entries(localStorage)), [["corsai.theme", "system"]]);
  });

  it("can be chosen by keys, also where its sign alone is in the header", async () => {
    await app.page.setViewportSize({ width: 390, height: 844 });
    await app.get("theme").focus();
    await app.page.keyboard.press("ArrowDown");
    await app.page.waitForFunction(() => document.documentElement.dataset.theme === "light");
    const outline = await app.page.locator(".theme").evaluate((label) => getComputedStyle(label).outlineStyle);
    assert.equal(outline, "solid", "the focus is seen");
  });

  it("raised no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});

describe("a measured study", () => {
  let app;
  before(async () => {
    app = await open({ query: "?device=cpu&tier=quick", window: { colorScheme: "dark" } });
    await app.openFolder(small("theme"));
    assert.equal(await app.outcome(), "finished");
    await app.click("add-earlier");
    await app.openFolder(small("theme-earlier", { left: 0.18, right: 0.32, date: "20200406" }), "previous");
    await app.get("verdict").waitFor({ timeout: STUDY_MS });
    await app.click("most-lesions");
  });
  after(() => app?.close());

  it("tells a screen reader the comparison in one sentence", async () => {
    const told = await app.words("status-comparison");
    assert.match(told, /^Compared with the earlier study \(6 Apr 2020\): positive response, from \d+\.\d % to \d+\.\d % of both lungs, −\d+\.\d points\./);
  });

  it("has the same picture on black in both themes, and the same legend", async () => {
    const seen = [];
    for (const theme of ["dark", "light"]) {
      await app.get("theme").selectOption(theme);
      assert.equal(await lightness(app, ".stage"), 0);
      const legend = await app.page.locator(".layers .swatch").evaluateAll((all) =>
        all.map((one) => ["backgroundImage", "backgroundColor", "borderColor", "borderStyle"].map((name) => getComputedStyle(one)[name])),
      );
      assert.equal(new Set(legend.map(String)).size, 4, "each overlay has a look of its own");
      seen.push({ picture: await app.picture(), legend });
      await app.shoot(`theme-${theme}-compared`);
    }
    assert.deepEqual(seen[0], seen[1]);
    await app.get("theme").selectOption("system");
  });

  it("is whole in forced colours", async () => {
    const picture = await app.picture();
    await app.page.emulateMedia({ forcedColors: "active" });
    await app.settled();
    const style = (selector, name) => app.page.locator(selector).first().evaluate((element, name) => getComputedStyle(element)[name], name);
    const canvas = await style("html", "backgroundColor");
    for (const border of [".button", ".segments", "select", ".card", ".scale-mark"]) {
      assert.notEqual(await style(border, "borderTopColor"), canvas, `${border} has a border`);
    }
    const [pressed, other] = [".segment[aria-pressed=true]", ".segment[aria-pressed=false]"];
    assert.notEqual(await style(pressed, "backgroundColor"), await style(other, "backgroundColor"));
    for (const filled of [".scale-track", ".scale-tick", ".lock"]) assert.notEqual(await style(filled, "backgroundColor"), canvas, filled);
    assert.equal(await lightness(app, ".stage"), 0, "the picture stays on black");
    assert.equal(await app.picture(), picture);
    await app.get("window-lung").focus();
    await app.page.keyboard.press("Tab");
    const outline = await app.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is seen");
    await app.shoot("theme-forced-colours");
    await app.page.emulateMedia({ forcedColors: "none" });
  });

  it("prints as a report of at most two sheets, in light colours and without buttons", async () => {
    await app.page.emulateMedia({ media: "print" });
    await app.settled();
    const worked = await app.page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, textarea, progress, dialog, .toolbar, .slider, .segments")]
        .filter((element) => element.checkVisibility())
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(worked, []);
    for (const id of ["disclaimer", "ct-class", "share-both", "verdict", "study-date", "tiers", "computed", "canvas", "printed"]) {
      assert.ok(await app.get(id).first().isVisible(), `${id} is printed`);
    }
    const today = new Date();
    assert.match(await app.words("printed"), new RegExp(`^Measured by CoRSAI \\d+\\.\\d+\\.\\d+, build [0-9a-f]{16}\\. Printed on ${today.getDate()} \\w{3} ${today.getFullYear()}\\.$`));
    const ink = await app.page.locator(".lungs td.share").first().evaluate((cell) => getComputedStyle(cell).color.match(/\d+/g).map(Number));
    assert.ok(ink.every((channel) => channel < 60), `letters are dark though the page is: ${ink}`);
    await app.page.emulateMedia({ media: null });
    const pdf = await app.page.pdf({ preferCSSPageSize: true });
    writeFileSync(path.join(OUT, "theme-printed.pdf"), pdf);
    const sheets = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
    assert.ok(sheets === 1 || sheets === 2, `${sheets} sheets`);
  });

  it("raised no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});
