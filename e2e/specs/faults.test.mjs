// What a browser and its device may do to a run: no WebGPU, an adapter that isn't there or fails, a lost device, wasm that
// can't be had, tabs that are frozen, closed or opened twice. Each time there are right numbers or a sentence.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PATIENCE_MS, STUDY_MS, open, visit } from "../lib/app.mjs";
import * as faulty from "../lib/faulty.mjs";

const chosen = async (app) => {
  await app.get("device").waitFor({ state: "attached", timeout: STUDY_MS });
  return { backend: await app.get("device").getAttribute("data-backend"), reason: await app.words("device-reason") };
};
const finding = (app) => app.get("progress-stage").filter({ hasText: "Finding" }).waitFor({ timeout: STUDY_MS });

describe("the graphics processor", () => {
  // Code that runs in the worker before all else.
  const broken = {
    "isn't offered (no WebGPU)": () => Object.defineProperty(navigator, "gpu", { value: undefined }),
    "has no adapter": () => { GPU.prototype.requestAdapter = async () => null; },
    "fails when it is asked for an adapter": () => { GPU.prototype.requestAdapter = async () => { throw new DOMException("", "OperationError"); }; },
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
      GPUDevice.prototype.createShaderModule = function (told) { return create.call(this, { ...told, code: "not a shader" }); };
    },
    "has no memory for a buffer": () => {
      // The browser then gives a buffer that is in error, and says so in an error scope or as an uncaptured error.
      const create = GPUDevice.prototype.createBuffer;
      GPUDevice.prototype.createBuffer = function (told) { return create.call(this, { ...told, size: 2 ** 50, mappedAtCreation: false }); };
    },
  };
  for (const [name, code] of Object.entries(broken)) {
    it(`that ${name} leaves the CPU, and the page says why`, () =>
      visit({ query: "?device=gpu", softwareGpu: true, host: faulty.inWorker(code) }, async (app) => {
        const { backend, reason } = await chosen(app);
        assert.equal(backend, "cpu");
        assert.ok(reason.length > 10, reason);
      }));
  }

  it("may be lost in the middle of a run, and again: the CPU goes on, and the page says so", (t) => {
    const code = () => {
      // Lost some seconds after the known slice was computed, by when the run uses it; so is the one that comes after.
      const request = GPUAdapter.prototype.requestDevice;
      let opened = false;
      GPUAdapter.prototype.requestDevice = async function (...options) {
        const device = await request.apply(this, options);
        const lose = () => setTimeout(() => device.destroy(), 8000);
        if (opened) lose();
        addEventListener("message", ({ data }) => {
          if (!Array.isArray(data) || !String(data[0]).includes("open-phantom")) return;
          opened = true;
          lose();
        });
        return device;
      };
    };
    return visit({ query: "?device=gpu", softwareGpu: true, host: faulty.inWorker(code) }, async (app) => {
      assert.equal((await chosen(app)).backend, "webgpu");
      await app.openPhantom();
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      await app.unfold();
      const codes = (await app.issues()).map(({ code }) => code);
      t.diagnostic(`${codes}`);
      assert.ok(codes.includes("device.lost"), `${codes}`);
      assert.ok((await app.lung("both")).share > 5);
    });
  });
});

describe("the page", () => {
  it("takes wasm of another type than a host should give", () =>
    visit({ host: faulty.always(/\.wasm$/, (name) => ({ headers: { "Content-Type": "application/octet-stream" }, body: faulty.bytesOf(name) })) }, async (app) => {
      assert.equal((await chosen(app)).backend, "cpu");
    }));

  it("says so when the part that computes isn't to be had, or is another file", async () => {
    for (const answer of [faulty.status(404), faulty.corrupt]) {
      await visit({ host: faulty.always(/corsai-worker.*\.wasm$/, answer) }, async (app) => {
        await app.get("notices").filter({ hasText: "could not be loaded" }).waitFor({ timeout: PATIENCE_MS });
      });
    }
  });

  it("shows a sentence where its own code can't start", async () => {
    const app = await open({ bare: true, host: faulty.always(/corsai-app.*\.wasm$/, faulty.corrupt) });
    try {
      await app.page.locator("#static-failed").waitFor({ timeout: PATIENCE_MS });
      assert.match(await app.page.locator("#static").textContent(), /Not a medical device/);
    } finally {
      await app.close();
    }
  });

  it("asks before it is left while it measures, and not else", () =>
    visit({}, async (app) => {
      const asked = [];
      app.page.on("dialog", (dialog) => (asked.push(dialog.type()), dialog.dismiss().catch(() => {})));
      await app.openPhantom();
      await finding(app);
      await app.page.close({ runBeforeUnload: true });
      await app.page.waitForTimeout(1000);
      assert.deepEqual(asked, ["beforeunload"]);
      assert.equal(await app.outcome(), "finished");
      await app.page.close({ runBeforeUnload: true });
      assert.deepEqual(asked, ["beforeunload"]);
    }));

  it("goes on after its tab was hidden and frozen", () =>
    visit({}, async (app) => {
      await app.openPhantom();
      await finding(app);
      const session = await app.page.context().newCDPSession(app.page);
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await session.send("Page.setWebLifecycleState", { state: "active" });
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      assert.deepEqual(app.problems, []);
    }));

  it("says so when another tab is measuring, and may be closed while it runs", () =>
    visit({}, async (app) => {
      const other = await app.another("?device=cpu&tier=quick");
      await app.openPhantom();
      await finding(app);
      await other.openPhantom();
      await other.get("elsewhere").waitFor({ timeout: PATIENCE_MS });
      await app.page.close();
      assert.equal(await other.outcome(), "finished", JSON.stringify(await other.issues()));
      assert.deepEqual(other.problems, []);
    }));
});
