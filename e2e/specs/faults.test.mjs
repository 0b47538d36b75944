// What a browser and its device may do to a run: no WebGPU, an adapter that isn't there or fails, a
// lost device, wasm that can't be had, tabs that are frozen, closed or opened twice. Each time
// there are right numbers or a sentence.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { PATIENCE_MS, STUDY_MS, open, visit } from "../lib/app.mjs";
import { stored, storedText } from "../lib/browser.mjs";
import * as faults from "../lib/fault_injection.mjs";
import { small } from "../lib/studies.mjs";

let folder;
before(() => (folder = small("faults")));

const chosen = async (app) => {
  await app.get("device").waitFor({ state: "attached", timeout: STUDY_MS });
  return { backend: await app.get("device").getAttribute("data-backend"), reason: await app.words("device-reason") };
};
const deviation = async (app) => Number((await app.words("device")).match(/deviation ([-+.e0-9]+)/)[1]);
// Lungs are being found for as long as the test wants.
const FINDING = { host: faults.halting(faults.reached("lungs")) };
const finding = async (app) => {
  await app.halted();
  await app.get("progress-stage").filter({ hasText: "Finding" }).waitFor({ timeout: PATIENCE_MS });
};

describe("the graphics processor", () => {
  // Code that runs in the worker before all else.
  const broken = {
    "isn't offered (no WebGPU)": () => Object.defineProperty(navigator, "gpu", { value: undefined }),
    "has no adapter": () => { GPU.prototype.requestAdapter = async () => null; },
    "fails when it is asked for an adapter": () => { GPU.prototype.requestAdapter = async () => { throw new DOMException("", "OperationError"); }; },
    "doesn't answer when it is asked for an adapter": () => { GPU.prototype.requestAdapter = () => new Promise(() => {}); },
    "gives no device": () => { GPUAdapter.prototype.requestDevice = async () => { throw new DOMException("", "OperationError"); }; },
    "gives a device that is lost already": () => {
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...options) {
        const device = await request.apply(this, options);
        device.destroy();
        return device;
      };
    },
    "compiles no shader": () => {
      const create = GPUDevice.prototype.createShaderModule;
      GPUDevice.prototype.createShaderModule = function (descriptor) { return create.call(this, { ...descriptor, code: "not a shader" }); };
    },
    "has no memory for a buffer": () => {
      // The browser then gives a buffer that is in error, and says so in an error scope or as an
      // uncaptured error.
      const create = GPUDevice.prototype.createBuffer;
      GPUDevice.prototype.createBuffer = function (descriptor) { return create.call(this, { ...descriptor, size: 2 ** 50, mappedAtCreation: false }); };
    },
    "throws when it is asked for a buffer": () => { GPUDevice.prototype.createBuffer = () => { throw new RangeError(); }; },
    "computes nothing and says nothing": () => { GPUQueue.prototype.submit = () => {}; },
    "never answers": () => {
      GPUBuffer.prototype.mapAsync = () => new Promise(() => {});
      // The minutes that are waited for it pass quickly.
      const wait = globalThis.setTimeout;
      globalThis.setTimeout = (what, ms, ...more) => wait(what, ms > 30_000 ? ms / 60 : ms, ...more);
    },
    "lacks what the runtime needs": () => Object.defineProperty(GPUAdapter.prototype, "features", { get: () => new Set() }),
  };
  for (const [name, code] of Object.entries(broken)) {
    it(`that ${name} leaves the CPU, and the page says why`, () =>
      visit({ query: "?device=gpu&tier=quick", softwareGpu: true, host: faults.inWorker(code) }, async (app) => {
        const { backend, reason } = await chosen(app);
        assert.equal(backend, "cpu");
        assert.ok(reason.length > 10, reason);
      }));
  }

  it("that doesn't answer the page either leaves the CPU", () => {
    const silent = () => { GPU.prototype.requestAdapter = () => new Promise(() => {}); };
    return visit({ query: "?device=gpu&tier=quick", softwareGpu: true, prepare: (page) => page.addInitScript(silent) }, async (app) => {
      assert.equal((await chosen(app)).backend, "cpu");
    });
  });

  it("that grants no more than WebGPU's least computes right all the same, or leaves the CPU", (t) => {
    const code = () => {
      const least = {
        maxBufferSize: 268435456, maxStorageBufferBindingSize: 134217728, maxComputeWorkgroupStorageSize: 16384,
        maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupSizeX: 256, maxComputeWorkgroupSizeY: 256, maxStorageBuffersPerShaderStage: 8,
      };
      for (const [name, value] of Object.entries(least)) Object.defineProperty(GPUSupportedLimits.prototype, name, { get: () => value });
      const features = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "features").get;
      Object.defineProperty(GPUAdapter.prototype, "features", { get() { return new Set([...features.call(this)].filter((name) => name === "timestamp-query")); } });
    };
    return visit({ query: "?device=gpu&tier=quick", softwareGpu: true, host: faults.inWorker(code) }, async (app) => {
      const { backend, reason } = await chosen(app);
      t.diagnostic(`${backend}: ${reason}`);
      const off = await deviation(app);
      assert.ok(off <= 1e-3, `${off}`);
    });
  });
});

// All of it in one page: a software GPU takes long to compute its known slices.
describe("a graphics processor that computes right at first", () => {
  const code = () => {
    const features = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "features").get;
    Object.defineProperty(GPUAdapter.prototype, "features", { get() { return new Set([...features.call(this), "shader-f16"]); } });

    // The first device is lost in the middle of a run, the second one during its self-test.
    globalThis.requested = 0;
    let [device, lost] = [null, false];
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      globalThis.requested += 1;
      const wanted = [...descriptor.requiredFeatures].filter((name) => name !== "shader-f16");
      device = await request.call(this, { ...descriptor, requiredFeatures: wanted });
      if (lost) setTimeout(() => device.destroy(), 1000);
      return device;
    };
    const post = self.postMessage;
    self.postMessage = function (data, ...args) {
      post.call(self, data, ...args);
      if (lost || !Array.isArray(data) || !/"stage":"lungs","done":[1-9]/.test(data[0])) return;
      lost = true;
      device.destroy();
    };

    globalThis.submitted = { pieces: 0, most: 0 };
    let dispatches = 0;
    const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
    GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...size) {
      dispatches += 1;
      return dispatch.apply(this, size);
    };
    const submit = GPUQueue.prototype.submit;
    GPUQueue.prototype.submit = function (buffers) {
      globalThis.submitted.pieces += 1;
      globalThis.submitted.most = Math.max(globalThis.submitted.most, dispatches);
      dispatches = 0;
      return submit.call(this, buffers);
    };
  };
  let app;
  before(async () => {
    app = await open({ query: "?device=gpu&tier=quick", softwareGpu: true, host: faults.inWorker(code) });
  });
  after(() => app?.close());

  it("and only says it knows f16 is used without", async () => {
    const { backend, reason } = await chosen(app);
    assert.equal(backend, "webgpu");
    assert.match(reason, /without f16/);
    assert.equal(await app.page.workers()[0].evaluate(() => globalThis.requested), 2);
    const off = await deviation(app);
    assert.ok(off <= 1e-4, `${off}`);
  });

  it("gets its work in pieces, between which a desktop can be drawn", async (t) => {
    const { pieces, most } = await app.page.workers()[0].evaluate(() => globalThis.submitted);
    t.diagnostic(`${pieces} pieces, ${most} dispatches in the largest`);
    assert.ok(most > 0 && most <= 64, `${most}`);
  });

  it("may be lost in the middle of a run, and again: the CPU goes on, and the page says so", async (t) => {
    await app.openFolder(folder);
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    assert.ok((await app.page.workers()[0].evaluate(() => globalThis.requested)) > 2, "it was tried once more");
    await app.unfold();
    const codes = (await app.issues()).map(({ code }) => code);
    t.diagnostic(`${codes}`);
    assert.ok(codes.includes("device.lost"), `${codes}`);
    assert.ok((await app.lung("both")).share > 5);
    assert.match((await app.report()).runs.device, /^cpu/);
  });
});

describe("the page", () => {
  it("takes wasm of another type than a host should give", () =>
    visit({ host: faults.always(/\.wasm$/, (name) => ({ headers: { "Content-Type": "application/octet-stream" }, body: faults.bytesOf(name) })) }, async (app) => {
      assert.equal((await chosen(app)).backend, "cpu");
    }));

  it("says so when the part that computes isn't to be had, or is another file", async () => {
    for (const answer of [faults.status(404), faults.corrupt]) {
      await visit({ host: faults.always(/corsai-worker.*\.wasm$/, answer) }, async (app) => {
        await app.get("notices").filter({ hasText: "could not be loaded" }).waitFor({ timeout: PATIENCE_MS });
      });
    }
  });

  const altered = (name) => ({ body: Buffer.concat([faults.bytesOf(name), Buffer.from("\nglobalThis.altered = true;\n")]) });
  const UNLOADED = /could not be loaded, or the host's file isn't the one/;

  it("starts no worker script but the one that it was built with, and says so", () =>
    visit({ host: faults.always(/^worker\//, altered) }, async (app) => {
      await app.get("notices").filter({ hasText: UNLOADED }).waitFor({ timeout: PATIENCE_MS });
      assert.deepEqual(app.page.workers(), []);
      // The service worker keeps none of it, either.
      assert.equal((await storedText(app.page)).includes("globalThis.altered"), false);
    }));

  it("asks the host again for a worker script that came spoilt, and starts the right one", () =>
    visit({ host: faults.failing(/^worker\//, altered) }, async (app) => {
      assert.equal((await chosen(app)).backend, "cpu");
      for (const worker of app.page.workers()) assert.equal(await worker.evaluate(() => globalThis.altered), undefined);
    }));

  it("starts the worker script that it has compared, where the host then gives another one", () => {
    const given = new Set();
    const answer = (name) => (given.has(name) ? altered(name) : (given.add(name), { body: faults.bytesOf(name) }));
    return visit({ host: faults.always(/^worker\//, answer) }, async (app) => {
      assert.equal((await chosen(app)).backend, "cpu");
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      for (const worker of app.page.workers()) assert.equal(await worker.evaluate(() => globalThis.altered), undefined);
    });
  });

  for (const [name, pattern] of [["all its style sheets are", /\.css$/], ["one of its style sheets is", /viewer.*\.css$/]]) {
    const ways = { "another than it was built with": (file) => ({ body: Buffer.concat([faults.bytesOf(file), Buffer.from("\n")]) }), "not to be had": faults.status(404) };
    for (const [state, answer] of Object.entries(ways)) {
      it(`isn't started and says so where ${name} ${state}`, async () => {
        const app = await open({ bare: true, host: faults.always(pattern, answer) });
        try {
          await app.page.locator("#static-unstyled").waitFor({ timeout: PATIENCE_MS });
          assert.match(await app.page.locator("#static").innerText(), /style sheet.*Reload the\s+page/s);
          assert.equal(await app.get("start").count(), 0);
        } finally {
          await app.close();
        }
      });
    }
  }

  it("shows a sentence where its own code can't start", async () => {
    const app = await open({ bare: true, host: faults.always(/corsai-app.*\.wasm$/, faults.corrupt) });
    try {
      await app.page.locator("#static-failed").waitFor({ timeout: PATIENCE_MS });
      assert.match(await app.page.locator("#static").textContent(), /Not a medical device/);
    } finally {
      await app.close();
    }
  });

  const started = {
    "JavaScript is switched off": [{ window: { javaScriptEnabled: false } }, /switched off/],
    "there is no WebAssembly": [{ prepare: (page) => page.addInitScript(() => delete globalThis.WebAssembly) }, /needs a current Chrome/],
    "its first script isn't to be had": [{ host: faults.always(/boot-.*\.js$/, faults.status(404)) }, /check the connection and reload/],
  };
  for (const [name, [how, words]] of Object.entries(started)) {
    it(`says so where ${name}`, async () => {
      const app = await open({ bare: true, ...how });
      try {
        const seen = app.page.locator("#static p", { hasText: words });
        await seen.waitFor({ timeout: PATIENCE_MS });
        assert.equal(await app.get("start").count(), 0);
      } finally {
        await app.close();
      }
    });
  }

  it("measures where it isn't served over https, and says what it can't do there", () =>
    visit({ query: "?tier=quick", softwareGpu: true, insecure: true }, async (app) => {
      assert.match((await chosen(app)).reason, /https/);
      await app.get("weights").filter({ hasText: "not kept for the next visit" }).waitFor({ timeout: PATIENCE_MS });
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    }));

  it("may be loaded again in the middle of a run: nothing of it is left, and it measures", () =>
    visit(FINDING, async (app) => {
      app.page.on("dialog", (dialog) => dialog.accept());
      await app.openFolder(folder);
      await finding(app);
      await app.page.reload();
      await app.get("start").waitFor();
      const { cached, files, local, session, databases } = await stored(app.page);
      assert.deepEqual(Object.keys(cached).filter((name) => !/^corsai-(page|weights)/.test(name)), []);
      assert.deepEqual([files, local, session, databases], [[], [], [], []]);
      await app.openFolder(folder);
      await app.halted();
      await app.goOn();
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
    }));

  it("asks before it is left while it measures, and not else", () =>
    visit(FINDING, async (app) => {
      const asked = [];
      app.page.on("dialog", (dialog) => (asked.push(dialog.type()), dialog.dismiss().catch(() => {})));
      await app.openFolder(folder);
      await finding(app);
      const question = app.page.waitForEvent("dialog", { timeout: PATIENCE_MS });
      await app.page.close({ runBeforeUnload: true });
      await question;
      assert.deepEqual(asked, ["beforeunload"]);
      await app.goOn();
      assert.equal(await app.outcome(), "finished");
      const closed = app.page.waitForEvent("close", { timeout: PATIENCE_MS });
      await app.page.close({ runBeforeUnload: true });
      await closed;
      assert.deepEqual(asked, ["beforeunload"]);
    }));

  it("goes on after its tab was hidden and frozen", () =>
    visit(FINDING, async (app) => {
      await app.openFolder(folder);
      await finding(app);
      const session = await app.page.context().newCDPSession(app.page);
      // Nearly all of the study is ahead.
      await app.goOn();
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await session.send("Page.setWebLifecycleState", { state: "active" });
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      assert.deepEqual(app.problems, []);
    }));

  it("says so when another tab is measuring, and may be closed while it runs", () =>
    visit(FINDING, async (app) => {
      const other = await app.another("?device=cpu&tier=quick");
      await app.page.bringToFront();
      await app.openFolder(folder);
      await finding(app);
      await other.page.bringToFront();
      await other.openFolder(folder);
      await other.get("elsewhere").waitFor({ timeout: PATIENCE_MS });
      await app.page.close();
      await other.halted();
      await other.goOn();
      assert.equal(await other.outcome(), "finished", JSON.stringify(await other.issues()));
      assert.deepEqual(other.problems, []);
    }));
});

describe("what is on screen", () => {
  it("is drawn again after the browser has lost it, as sharp as the screen is", () =>
    visit({ window: { deviceScaleFactor: 4 } }, async (app) => {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished");
      await app.get("canvas").hover();
      const before = await app.picture();
      const [made, shown] = await app.get("canvas").evaluate((canvas) => [canvas.width, canvas.clientWidth]);
      assert.ok(Math.abs(made - shown * 4) <= 4, `${made} for ${shown}`);
      const lost = await app.get("canvas").evaluate((canvas) => {
        canvas.getContext("2d").reset();
        const empty = canvas.toDataURL();
        canvas.dispatchEvent(new Event("contextrestored"));
        return empty;
      });
      assert.notEqual(lost, before);
      assert.equal(await app.picture(), before);
    }));

  it("can be copied by hand where the browser gives neither clipboard nor download", () => {
    const broken = () => {
      Clipboard.prototype.writeText = async () => { throw new DOMException("", "NotAllowedError"); };
      URL.createObjectURL = () => { throw new DOMException("", "NotAllowedError"); };
    };
    return visit({ prepare: (page) => page.addInitScript(broken) }, async (app) => {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished");
      await app.click("save-report");
      await app.get("export-said").filter({ hasText: "could not be saved" }).waitFor();
      await app.click("copy-summary");
      await app.get("export-said").filter({ hasText: "the text is below" }).waitFor();
      assert.match(await app.page.locator("textarea.summary").inputValue(), /Both lungs: .*Not a medical device/s);
    });
  });
});
