// The viewer as hands meet it: tools, window, zoom, overlays, wheel, keys, fingers, both studies,
// and that nothing moves by itself. What is asserted is what is seen: the slice's number, the
// canvas' pixels, and how it is drawn.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DESKTOP, PATIENCE_MS, STUDY_MS, TABLET, open } from "../lib/app.mjs";
import { halting, reached } from "../lib/fault_injection.mjs";
import { OUT, phantom } from "../lib/studies.mjs";

// With slices enough to walk through, and few enough to be measured soon.
const FEW = { slices: 31, columns: 128 };

const WINDOWS = [DESKTOP, TABLET];
// All that a person works the picture with.
const SWITCHES = [
  ...["show-previous", "show-current", "tool-scroll", "tool-window", "tool-pan", "window-lung", "window-mediastinum"],
  ...["window-level", "window-width", "zoom-out", "zoom-in", "view-reset", "most-lesions", "slice-slider"],
  ...["right", "left", "lesions", "disagreement"].flatMap((layer) => [`layer-${layer}`, `opacity-${layer}`]),
];

describe("the viewer", () => {
  let app;
  let last;
  let middle;
  // Where the canvas lay while the study was being measured, by the window's width.
  const lay = new Map();
  const box = () => app.get("canvas").boundingBox();
  const inWindow = async (id) => {
    const { x, y, width, height } = await app.get(id).boundingBox();
    const window = app.page.viewportSize();
    return x >= 0 && y >= 0 && x + width <= window.width + 0.5 && y + height <= window.height + 0.5;
  };
  const inEachWindow = async (look) => {
    for (const window of WINDOWS) {
      await app.page.setViewportSize(window);
      await app.settled();
      await look(window);
    }
    await app.page.setViewportSize(DESKTOP);
    await app.settled();
  };
  const nothingMoved = (what) =>
    inEachWindow(async ({ width }) => assert.deepEqual(await box(), lay.get(width), `${what}: the picture moved at ${width}`));
  const goTo = async (index) => {
    await app.get("slice-slider").fill(`${index}`);
    await app.showsSlice(index);
  };
  // The image's point under a point of the canvas, both in CSS pixels of a screen with one device
  // pixel each.
  const under = ({ scale, offset }, point) => point.map((p, axis) => (p - offset[axis]) / scale[axis]);
  const centre = async () => {
    const { x, y, width, height } = await box();
    return [x + width / 2, y + height / 2];
  };
  const drag = async (by, button = "left") => {
    const [x, y] = await centre();
    await app.page.mouse.move(x, y);
    await app.page.mouse.down({ button });
    await app.page.mouse.move(x + by[0] / 2, y + by[1] / 2);
    await app.page.mouse.move(x + by[0], y + by[1]);
    await app.page.mouse.up({ button });
    await app.settled();
  };
  const zoomed = async () => Number((await app.words("zoom")).replace(/\D/g, ""));
  const window = () => app.words("window");
  const reset = () => app.click("view-reset");

  before(async () => {
    app = await open({ query: "?device=cpu&tier=quick", host: halting(reached("lungs")) });
    await app.openFolder(phantom("viewer", { left: 0.08, right: 0.16, date: "20200420", ...FEW }));
    await app.halted();
    await app.get("canvas").waitFor({ timeout: PATIENCE_MS });
    await inEachWindow(async ({ width }) => lay.set(width, await box()));
    await app.goOn(reached("lungs", "previous"));
    assert.equal(await app.outcome(), "finished");
    last = Number(await app.get("slice-slider").getAttribute("max"));
    middle = Math.round(last / 2);
  });
  after(() => app?.close());

  it("keeps the picture where it was, and every switch in the window", async () => {
    await nothingMoved("lungs, lesions and numbers came");
    await inEachWindow(async ({ width }) => {
      for (const id of SWITCHES) assert.ok(await inWindow(id), `${id} is outside the window of ${width}`);
      await app.page.screenshot({ path: `${OUT}/viewer-${width}.png` });
    });
  });

  describe("by wheel", () => {
    const turn = async (deltas, pause = 0) => {
      for (const delta of deltas) {
        await app.page.mouse.wheel(0, delta);
        if (pause) await app.page.waitForTimeout(pause);
      }
    };
    before(async () => app.page.mouse.move(...(await centre())));

    it("goes one slice a notch, upwards towards the head", async () => {
      await goTo(middle);
      await turn([-120], 150);
      await app.showsSlice(middle + 1);
      await turn([120, 120, 120], 150);
      await app.showsSlice(middle - 2);
    });

    it("goes one slice a notch of four pixels, as a slow wheel on macOS sends them", async () => {
      await goTo(middle);
      await turn(Array(14).fill(-4), 120);
      await app.showsSlice(Math.min(middle + 14, last));
    });

    it("goes one slice a notch of three lines, as Firefox sends them", async () => {
      await goTo(middle);
      await app.get("canvas").evaluate((canvas) => {
        for (let notch = 0; notch < 3; notch += 1) {
          canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -3, deltaMode: 1, bubbles: true, cancelable: true }));
        }
      });
      await app.showsSlice(middle + 3);
    });

    it("goes by distance on a touchpad", async () => {
      await goTo(middle);
      // Sent by the page itself, for the time between two events matters.
      await app.get("canvas").evaluate((canvas) => {
        for (const deltaY of [2, 7, 19, 31, 37, 29, 15, 4]) {
          canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, bubbles: true, cancelable: true }));
        }
      });
      // One at once, and 142 pixels at one each 60.
      await app.showsSlice(middle - 3);
    });

    it("zooms with Ctrl, around the pointer", async () => {
      await reset();
      const { x, y } = await box();
      const [cx, cy] = await centre();
      const point = [cx - x + 60, cy - y - 40];
      await app.page.mouse.move(x + point[0], y + point[1]);
      const before = under(await app.transform(), point);
      await app.page.keyboard.down("Control");
      await app.page.mouse.wheel(0, -200);
      await app.page.keyboard.up("Control");
      await app.get("zoom").filter({ hasText: "195" }).waitFor();
      const after = under(await app.transform(), point);
      before.forEach((at, axis) => assert.ok(Math.abs(at - after[axis]) < 0.5, `${before} → ${after}`));
      await reset();
    });
  });

  describe("by keys", () => {
    const press = (key) => app.page.keyboard.press(key);

    it("goes through the slices, wherever the focus is", async () => {
      for (const id of ["window-lung", "layer-left", "most-lesions", "settings-open"]) {
        await goTo(middle);
        await app.get(id).focus();
        for (const [key, by] of [["ArrowUp", 1], ["PageUp", 10], ["PageDown", -10], ["ArrowDown", -1], ["ArrowDown", -1]]) {
          const before = await app.slice();
          await press(key);
          await app.showsSlice(before + by);
        }
      }
    });

    it("has the head at Home and the feet at End, on the slider, too", async () => {
      for (const id of ["window-lung", "slice-slider"]) {
        await app.get(id).focus();
        await press("Home");
        await app.showsSlice(last);
        await press("ArrowDown");
        await app.showsSlice(last - 1);
        await press("End");
        await app.showsSlice(0);
        await press("ArrowUp");
        await app.showsSlice(1);
      }
    });

    it("leaves its keys to a field, another slider, a column that scrolls, and a dialog", async () => {
      await goTo(middle);
      const opacity = app.get("opacity-lesions");
      await opacity.focus();
      const before = Number(await opacity.inputValue());
      await press("ArrowUp");
      assert.equal(Number(await opacity.inputValue()), before + 5);
      await press("ArrowDown");
      await app.get("window-level").focus();
      await press("End");
      await press("0");
      assert.equal(await app.get("window-level").inputValue(), "-6000");
      await press("Backspace");
      await press("PageUp");
      const cards = app.page.getByRole("complementary", { name: "Findings" });
      await cards.focus();
      await press("End");
      await app.page.waitForFunction(() => document.querySelector(".cards").scrollTop > 0);
      await press("Home");
      await app.click("settings-open");
      await press("PageUp");
      await app.click("settings-close");
      await app.showsSlice(middle);
    });

    it("zooms, moves and resets the picture", async () => {
      await app.get("window-lung").focus();
      await press("+");
      assert.equal(await zoomed(), 125);
      const before = await app.transform();
      await press("Shift+ArrowUp");
      const after = await app.transform();
      assert.deepEqual(after.offset.map((at, axis) => Math.round(at - before.offset[axis])), [0, 40]);
      await press("-");
      assert.equal(await zoomed(), 100);
      await press("+");
      await press("0");
      assert.equal(await zoomed(), 100);
    });

    it("says in its help what they do", async () => {
      await app.click("settings-open");
      const help = await app.words("settings");
      for (const words of ["Home / End", "to the head / the feet", "ten slices", "zoom in / out"]) assert.ok(help.includes(words), words);
      await app.click("settings-close");
      assert.match(await app.page.locator("#viewer-keys").textContent(), /Home \/ End: to the head \/ the feet\./);
    });
  });

  describe("by mouse", () => {
    it("scrolls: upwards towards the head", async () => {
      await app.click("tool-scroll");
      await goTo(middle);
      await drag([0, -80]);
      assert.ok((await app.slice()) > middle);
      await goTo(middle);
      await drag([0, 80]);
      assert.ok((await app.slice()) < middle);
    });

    it("changes level and width, with the tool and with the right button", async () => {
      for (const [tool, button] of [["tool-window", "left"], ["tool-scroll", "right"]]) {
        await reset();
        await app.click(tool);
        await goTo(middle);
        const picture = await app.picture();
        assert.equal(await window(), "L −600  W 1500");
        await drag([20, 10], button);
        assert.equal(await window(), "L −570  W 1560");
        assert.equal(await app.slice(), middle);
        assert.notEqual(await app.picture(), picture);
      }
      await reset();
    });

    it("moves the picture, with the tool and with Shift, and only where it is larger than the window", async () => {
      await app.click("tool-pan");
      const whole = await app.transform();
      await drag([30, 20]);
      assert.deepEqual(await app.transform(), whole);
      await app.click("zoom-in");
      await app.click("zoom-in");
      assert.equal(await zoomed(), 156);
      for (const shift of [false, true]) {
        await app.click(shift ? "tool-scroll" : "tool-pan");
        const before = await app.transform();
        if (shift) await app.page.keyboard.down("Shift");
        await drag([30, 20]);
        if (shift) await app.page.keyboard.up("Shift");
        const after = await app.transform();
        assert.deepEqual(after.offset.map((at, axis) => Math.round(at - before.offset[axis])), [30, 20]);
        assert.deepEqual(after.scale, before.scale);
      }
      await app.click("zoom-out");
      await app.click("zoom-out");
      assert.deepEqual(await app.transform(), whole, "what was zoomed and moved comes back");
      await app.click("tool-scroll");
    });
  });

  describe("by buttons and fields", () => {
    it("zooms around the middle and resets", async () => {
      await reset();
      const whole = await app.transform();
      await app.click("zoom-in");
      const near = await app.transform();
      near.scale.forEach((scale, axis) => assert.ok(Math.abs(scale / whole.scale[axis] - 1.25) < 1e-9));
      const size = await app.get("canvas").evaluate((canvas) => [canvas.clientWidth, canvas.clientHeight]);
      const middles = [whole, near].map((transform) => under(transform, size.map((side) => side / 2)));
      middles[0].forEach((at, axis) => assert.ok(Math.abs(at - middles[1][axis]) < 0.01));
      await reset();
      assert.deepEqual(await app.transform(), whole);
    });

    it("has windows for lungs and mediastinum, and takes numbers", async () => {
      await goTo(middle);
      const lung = await app.picture();
      await app.click("window-mediastinum");
      assert.equal(await window(), "L 40  W 400");
      const soft = await app.picture();
      assert.notEqual(soft, lung);
      await app.get("window-level").fill("-600");
      await app.get("window-width").fill("1500");
      await app.get("window-width").blur();
      assert.equal(await window(), "L −600  W 1500");
      assert.equal(await app.picture(), lung, "the same numbers are the same picture");
    });

    it("shows and hides each overlay, and fills it as strongly as asked", async () => {
      await app.click("most-lesions");
      await app.settled();
      const plain = await app.picture();
      for (const layer of ["right", "left", "lesions"]) {
        const opacity = app.get(`opacity-${layer}`);
        const usual = await opacity.inputValue();
        await opacity.fill("100");
        const strong = await app.picture();
        assert.notEqual(strong, plain, layer);
        await app.get(`layer-${layer}`).uncheck();
        assert.ok(await opacity.isDisabled());
        const without = await app.picture();
        assert.ok(without !== plain && without !== strong, layer);
        await app.get(`layer-${layer}`).check();
        await opacity.fill(usual);
        assert.equal(await app.picture(), plain, layer);
      }
      assert.ok(await app.get("layer-disagreement").isDisabled(), "one network has nobody to disagree with");
    });

    it("draws a profile along the body that fits the slices", async () => {
      await app.click("most-lesions");
      const most = await app.slice();
      const path = await app.page.locator(".strip-lesion").getAttribute("d");
      const tops = [...path.matchAll(/V([\d.]+)H/g)].map(([, top]) => 1 - Number(top));
      assert.equal(tops.length, last + 1, "one bar a slice");
      assert.ok(tops[most] > 0);
      assert.equal(tops[most], Math.max(...tops), "the slice with most lesions has the highest bar");
      assert.ok(tops.includes(0), "and some have none");
      for (const index of [0, most, last]) {
        await goTo(index);
        const strip = await app.page.locator(".strip").boundingBox();
        const here = await app.page.locator(".strip-here").boundingBox();
        const at = (here.x + here.width / 2 - strip.x) / strip.width;
        assert.ok(Math.abs(at - (index + 0.5) / (last + 1)) < 0.005, `${index}: ${at}`);
      }
    });
  });

  describe("by fingers", () => {
    let session;
    before(async () => (session = await app.page.context().newCDPSession(app.page)));
    const touch = async (...steps) => {
      for (const [type, ...points] of steps) {
        const touchPoints = points.map(([x, y], id) => ({ x, y, id }));
        await session.send("Input.dispatchTouchEvent", { type, touchPoints });
      }
      await app.settled();
    };

    it("scrolls with one", async () => {
      await app.click("tool-scroll");
      await goTo(middle);
      const [x, y] = await centre();
      await touch(["touchStart", [x, y]], ["touchMove", [x, y - 30]], ["touchMove", [x, y - 60]], ["touchEnd"]);
      assert.ok((await app.slice()) > middle);
    });

    it("zooms with two, without changing the slice", async () => {
      await reset();
      await goTo(middle);
      const [x, y] = await centre();
      const apart = (by) => [[x - by, y], [x + by, y]];
      await touch(["touchStart", ...apart(50)], ["touchMove", ...apart(75)], ["touchMove", ...apart(100)], ["touchEnd"]);
      assert.ok(Math.abs((await zoomed()) - 200) <= 2, `${await zoomed()} %`);
      await app.showsSlice(middle);
      await reset();
    });
  });

  describe("with an earlier study", () => {
    const shares = async () => {
      const sides = ["right", "left", "both"];
      return Promise.all(sides.map((side) => app.words(`share-${side}`)));
    };
    // A column of the comparison's table.
    const compared = (column) =>
      Promise.all(["right", "left", "both"].map(async (side) => (await app.get(`change-${side}`).locator("td").nth(column).textContent()).replaceAll("\u202f", " ")));

    it("shows its progress in the window, wherever the cards are scrolled to", async () => {
      assert.match(await app.words("picture-date"), /^20 Apr 2020$/);
      assert.ok(await app.get("show-previous").isDisabled());
      await app.click("add-earlier");
      await app.openFolder(phantom("viewer-earlier", { left: 0.18, right: 0.32, date: "20200406", ...FEW }), "previous");
      await app.halted();
      await app.get("progress").waitFor();
      for (const top of [0, 1e6]) {
        await app.page.locator(".cards").evaluate((cards, top) => (cards.scrollTop = top), top);
        assert.ok(await inWindow("progress"));
      }
      await nothingMoved("the earlier study is being measured");
      await app.goOn();
      await app.get("verdict").waitFor({ timeout: STUDY_MS });
      await nothingMoved("the earlier study is measured");
    });

    it("shows numbers and pictures of one study together, with its date", async () => {
      await goTo(middle);
      const now = { picture: await app.picture(), shares: await shares() };
      assert.deepEqual(now.shares, await compared(1));
      assert.equal(await app.words("picture-date"), "This study · 20 Apr 2020");
      await app.click("show-previous");
      assert.equal(await app.words("picture-date"), "Earlier study · 6 Apr 2020");
      assert.equal(await app.words("study-date"), "6 Apr 2020");
      assert.deepEqual(await shares(), await compared(0));
      assert.notDeepEqual(await shares(), now.shares);
      await app.page.locator(".stage-waiting").waitFor({ state: "detached" });
      assert.notEqual(await app.picture(), now.picture);
      await nothingMoved("the earlier study is on screen");
      await app.page.screenshot({ path: `${OUT}/viewer-earlier.png` });
      // Each study keeps its own place.
      await goTo(3);
      await app.click("show-current");
      await app.showsSlice(middle);
      assert.deepEqual(await shares(), now.shares);
      assert.equal(await app.picture(), now.picture);
      await app.click("show-previous");
      await app.showsSlice(3);
      await app.click("show-current");
    });

    it("moves nothing by a notice, which can be dismissed", async () => {
      await app.click("remove-previous");
      await app.get("undo-offer").waitFor();
      await nothingMoved("a notice is there");
      await inEachWindow(async ({ width }) => {
        for (const id of [...SWITCHES, "undo"]) assert.ok(await inWindow(id), `${id} is outside the window of ${width}`);
      });
      await app.page.screenshot({ path: `${OUT}/viewer-notice.png` });
      await app.click("undo-dismiss");
      await app.get("undo-offer").waitFor({ state: "detached" });
      await nothingMoved("the notice is gone");
    });
  });

  it("raised no error that a person doesn't see", () => assert.deepEqual(app.problems, []));
});
