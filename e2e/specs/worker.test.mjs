// What a person may do to a run, and what the worker may do to itself: stop, die. The page says so
// and goes on.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { PATIENCE_MS, STUDY_MS, open, visit } from "../lib/app.mjs";
import * as faults from "../lib/fault_injection.mjs";
import { phantom, small } from "../lib/studies.mjs";

const [LUNGS, LESIONS] = ["lungs", "lesions"].map((stage) => faults.reached(stage));

let [folder, earlier] = [];
before(() => {
  folder = small("worker");
  earlier = small("worker-earlier", { left: 0.18, right: 0.32, date: "20200406" });
});

const stage = (app, words) => app.get("progress-stage").filter({ hasText: words }).waitFor({ timeout: PATIENCE_MS });

describe("the worker", () => {
  // The page's window, which remembers what networks were asked, worker by worker.
  const listen = () => {
    window.asked = [];
    window.Worker = class extends Worker {
      constructor(...args) {
        super(...args);
        const questions = [];
        window.asked.push(questions);
        this.addEventListener("message", ({ data }) => {
          const event = Array.isArray(data) ? JSON.parse(data[0]) : {};
          if (event.key) questions.push(data[0].match(/"key":(.*?})/)[1]);
        });
      }
    };
  };
  const asked = () => app.page.evaluate(() => window.asked);

  let app;
  before(async () => {
    const prepare = (page) => page.addInitScript(listen);
    app = await open({ query: "?device=cpu&tier=quick&cores=2", host: faults.halting(LUNGS), prepare });
  });
  after(() => app?.close());

  it("stops when it is told to, and keeps what is finished", async () => {
    await app.openFolder(folder);
    await app.halted();
    await stage(app, "Finding");
    await app.click("cancel");
    assert.equal(await app.outcome(PATIENCE_MS), "stopped");
    assert.ok(await app.get("canvas").isVisible());
    await app.closeStudy();
  });

  it("may die in the middle of a run: the next one goes on from what was computed", async (t) => {
    const before = (await asked()).length;
    await app.openFolder(folder);
    await app.halted();
    await app.goOn(LESIONS);
    await app.halted();
    assert.ok((await asked()).at(-1).some((question) => !question.includes("lungs")));
    await app.kill();
    await app.get("notices").filter({ hasText: "was started anew" }).waitFor({ timeout: PATIENCE_MS });
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    const broken = [await app.lung("left"), await app.lung("right")];
    assert.ok(broken[1].share > 5);
    const [first, second, ...more] = (await asked()).slice(before - 1);
    t.diagnostic(`${first.length} answers before, ${second.length} after`);
    assert.deepEqual(more, []);
    assert.ok(first.some((question) => !question.includes("lungs")) && second.length > 0);
    assert.ok(second.every((question) => !first.includes(question)), "a network was asked again");
    assert.ok(second.every((question) => !question.includes("lungs")));
    await app.closeStudy();
    await app.openFolder(folder);
    await app.halted();
    await app.goOn();
    assert.equal(await app.outcome(), "finished");
    assert.deepEqual([await app.lung("left"), await app.lung("right")], broken);
    await app.closeStudy();
  });

  it("that dies again and again ends the study in words, not in a loop", async () => {
    await app.openFolder(folder);
    for (let death = 0; death < 3; death += 1) {
      await app.halted();
      await stage(app, "Finding");
      await app.kill();
    }
    assert.equal(await app.outcome(PATIENCE_MS), "no number");
    assert.ok((await app.issues()).some((issue) => issue.code === "worker.died"));
    assert.equal(await app.get("severity").count(), 0);
    await app.shoot("worker-died");
  });

  it("is there again for the next study", async () => {
    await app.click("close-study");
    await app.openFolder(folder);
    await app.halted();
    await app.goOn();
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
  });
});

describe("a worker that hangs", () => {
  // The page's clock, on which a minute passes in three seconds.
  const fast = () => {
    const now = Performance.prototype.now;
    Performance.prototype.now = function () { return now.call(this) * 20; };
  };

  it("is noticed after a minute, and can be ended", () => {
    return visit({ host: faults.halting(LUNGS), prepare: (page) => page.addInitScript(fast) }, async (app) => {
      await app.openFolder(folder);
      await app.halted();
      await stage(app, "Finding");
      const [worker] = app.page.workers();
      const ended = new Promise((resolve) => worker.once("close", resolve));
      await worker.evaluate(() => void setTimeout(() => { for (;;); }));
      await app.get("stalled").waitFor({ timeout: PATIENCE_MS });
      await app.click("stop-hard");
      await ended;
      assert.equal(await app.outcome(PATIENCE_MS), "stopped");
      await app.click("close-study");
      await app.openFolder(folder);
      await app.halted();
      await app.goOn();
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    });
  });
});

describe("compute workers that fail", () => {
  it("are noticed after a minute where all hang, though the worker itself lives", () => {
    // On the page's clock a minute passes in six seconds, in which no job of a compute worker that
    // works takes so long.
    const fast = () => {
      const now = Performance.prototype.now;
      Performance.prototype.now = function () { return now.call(this) * 10; };
    };
    const host = faults.hanging("(job) => job > 40");
    return visit({ host, prepare: (page) => page.addInitScript(fast) }, async (app) => {
      await app.openFolder(folder);
      await app.get("stalled").waitFor({ timeout: PATIENCE_MS });
      await stage(app, "Finding");
      await app.click("stop-hard");
      assert.equal(await app.outcome(PATIENCE_MS), "stopped");
    });
  });

  it("are replaced where one hangs, and its jobs are done again", (t) => {
    const host = faults.hanging("(job) => job === 41", 10);
    return visit({ host }, async (app) => {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      const { started, ended } = await app.page.workers()[0].evaluate(() => self.computeWorkers);
      t.diagnostic(`${started} compute workers started, ${ended} ended`);
      assert.ok(ended > 0 && started > ended);
      assert.ok((await app.lung("right")).share > 5);
    });
  });

  it("end the study in words where a message can't be read", () =>
    visit({ host: faults.garbled(41) }, async (app) => {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "no number");
      const issues = await app.issues();
      // Beside what is wrong with the synthetic study.
      assert.deepEqual(issues.map((issue) => issue.code), ["internal.fault", "geometry.thick-slices"]);
      assert.match(issues[0].text, /a message could not be read/);
      await app.click("close-study");
      await app.get("start").waitFor();
    }));
});

describe("the strip beside the slider", () => {
  it("is drawn without the pictures of slices that nobody looks at", () => {
    // The page's window, which remembers which slices' pictures came.
    const listen = () => {
      window.slices = new Set();
      window.Worker = class extends Worker {
        constructor(...args) {
          super(...args);
          this.addEventListener("message", ({ data }) => {
            const event = Array.isArray(data) ? JSON.parse(data[0]) : {};
            if (event.is === "slice") window.slices.add(event.index);
          });
        }
      };
    };
    return visit({ prepare: (page) => page.addInitScript(listen) }, async (app) => {
      await app.openPhantom();
      assert.equal(await app.outcome(), "finished");
      const count = Number(await app.get("slice-slider").getAttribute("max")) + 1;
      const heights = async (mask) =>
        [...(await app.page.locator(`.strip-${mask}`).getAttribute("d")).matchAll(/V([\d.]+)H/g)].map(([, height]) => 1 - height);
      const [lung, lesion] = [await heights("lung"), await heights("lesion")];
      assert.deepEqual([lung.length, lesion.length], [count, count]);
      assert.equal(Math.max(...lung), 1);
      assert.ok(Math.max(...lesion) > 0.05 && lesion.every((height, i) => height <= lung[i] + 1e-3));
      await app.page.waitForTimeout(2000);
      const seen = await app.page.evaluate(() => window.slices.size);
      assert.ok(seen < count / 3, `${seen} of ${count} slices' pictures came`);
    });
  });
});

describe("an earlier study", () => {
  it("goes before further networks for the current one, which go on afterwards", () => {
    // The page's window, which remembers the complete reports, and which studies it has heard of.
    const listen = () => {
      window.reports = [];
      window.slots = new Set();
      window.Worker = class extends Worker {
        constructor(...args) {
          super(...args);
          this.addEventListener("message", ({ data }) => {
            const event = Array.isArray(data) ? JSON.parse(data[0]) : {};
            window.slots.add(event.slot);
            if (event.is === "report" && event.stage !== "lungs") window.reports.push(`${event.slot} ${event.report.runs.tier}`);
          });
        }
      };
    };
    const options = {
      query: "?device=cpu&tier=standard&cores=2",
      host: faults.halting(faults.reached("refining")),
      prepare: (page) => page.addInitScript(listen),
    };
    return visit(options, async (app) => {
      const reported = (what) => app.page.waitForFunction((what) => window.reports.includes(what), what, { timeout: STUDY_MS });
      // Long enough that the earlier one is read before it is done.
      await app.openFolder(phantom("worker-long", { left: 0.08, right: 0.16, date: "20200420", slices: 31, columns: 128 }));
      await reported("current quick");
      await app.halted();
      await app.click("add-earlier");
      await app.openFolder(earlier, "previous");
      await app.page.waitForFunction(() => window.slots.has("previous"), null, { timeout: PATIENCE_MS });
      await app.goOn();
      await reported("previous quick");
      const before = await app.page.evaluate(() => window.reports);
      assert.ok(!before.includes("current standard"), before.join(", "));
      await reported("current standard");
    });
  });
});

describe("a computer without memory left", () => {
  const without = {
    "for the study": faults.exhausted(false, /"open-phantom"/),
    "for the networks": faults.exhausted(true, /"Run"/),
  };
  for (const [name, host] of Object.entries(without)) {
    it(`${name} ends it in words, and the page lives on`, (t) =>
      visit({ host }, async (app) => {
        await app.openPhantom();
        assert.equal(await app.outcome(), "no number");
        const issues = await app.issues();
        t.diagnostic(JSON.stringify(issues));
        assert.ok(issues.length > 0);
        assert.equal(await app.get("severity").count(), 0);
        await app.click("close-study");
        await app.get("start").waitFor();
        await app.click("settings-open");
        await app.get("device").waitFor({ timeout: 60_000 });
      }));
  }
});
