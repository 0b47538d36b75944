// Where it computes: a software GPU counts as none, and computes a known slice like the CPU when it
// is asked to.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { STUDY_MS, open } from "../lib/app.mjs";

// The device that the page chose, as its settings show it.
async function device(query, prepare) {
  const app = await open({ query, softwareGpu: true, prepare });
  try {
    // It is chosen as soon as the page is there, ahead of the first study.
    await app.click("settings-open");
    const shown = app.get("device");
    await shown.waitFor({ timeout: STUDY_MS });
    const text = await app.words("device");
    const found = { backend: await shown.getAttribute("data-backend"), text, reason: await app.words("device-reason") };
    found.deviation = Number(text.match(/deviation ([-+.e0-9]+)/)[1]);
    const dataset = await app.page.evaluate(() => ({ ...document.querySelector("script[data-build]").dataset }));
    const started = new URL(app.page.workers()[0].url()).pathname;
    found.part = Object.keys(dataset).find((name) => /worker$/i.test(name) && started.endsWith(dataset[name].slice(1)));
    await app.shoot(`device-${query.slice(1)}`);
    return found;
  } finally {
    await app.close();
  }
}

describe("the device", () => {
  it("is the CPU where the GPU is software, and the page says why", async (t) => {
    const found = await device("?device=auto");
    t.diagnostic(found.text);
    assert.equal(found.backend, "cpu");
    assert.match(found.reason, /software/i);
    assert.ok(found.deviation <= 1e-4, `${found.deviation}`);
  });

  for (const [words, prepare, part] of [
    ["with relaxed SIMD where the browser knows it", undefined, "relaxedWorker"],
    ["without where it doesn't", (page) => page.addInitScript(() => (WebAssembly.validate = () => false)), "worker"],
  ]) {
    it(`is the CPU, ${words}, and the known slice comes out as it should`, async () => {
      const found = await device("?device=cpu", prepare);
      assert.equal(found.part, part);
      assert.ok(found.deviation <= 1e-4, `${found.deviation}`);
    });
  }

  it("is a software GPU where the address asks for it, and the known slice comes out as on the CPU", async (t) => {
    const found = await device("?device=gpu");
    t.diagnostic(found.text);
    assert.equal(found.backend, "webgpu");
    assert.ok(found.deviation <= 1e-3, `${found.deviation}`);
  });
});
