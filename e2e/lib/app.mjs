// The page as a person meets it: a server with the built dist/, Chromium, and the things one does
// and sees. Specs speak only in these terms and in the page's `data-testid`s.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";

import { chromium } from "playwright-core";

import { serve } from "../server.mjs";
import { OUT } from "./studies.mjs";

export const DESKTOP = { width: 1440, height: 900 };
export const TABLET = { width: 1024, height: 768 };
export const PHONE = { width: 390, height: 844 };

// The longest that one study may take on a busy machine with two cores.
export const STUDY_MS = 600_000;

// The longest that anything else may take there.
export const PATIENCE_MS = 180_000;

// A browser that asks nobody anything. As root it can't have its sandbox.
export const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const NO_GPU = ["--disable-gpu"];
// A GPU in software: slow, but a real WebGPU.
const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

// `host` plays a host in other ways (see ../server.mjs); `address` is of a host that runs already.
// `profile` is a folder in which the browser keeps what it stores. `prepare` is called with the
// page before it loads anything. A `bare` page is not waited for. `window` says how the browser's
// window is other than usual, in Playwright's words. With `insecure` the host has a name, and no
// https. `flags` are further words of the browser's command line.
export async function open({ query = "", softwareGpu = false, host = {}, address, profile, prepare, bare, window, insecure, flags = [] } = {}) {
  const requests = [];
  const own = address ? { address } : await serve({ ...host, seen: (request) => requests.push(request) });
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const args = [...QUIET, ...(softwareGpu ? SOFTWARE_GPU : NO_GPU), ...flags];
  if (insecure) {
    args.push("--host-resolver-rules=MAP ct.example 127.0.0.1");
    own.address = own.address.replace("127.0.0.1", "ct.example");
  }
  const options = { viewport: DESKTOP, ...window };
  const browser = profile ? null : await chromium.launch({ executablePath, args });
  const context = browser
    ? await browser.newContext(options)
    : await chromium.launchPersistentContext(profile, { executablePath, args, ...options });
  const page = await context.newPage();
  const app = new App({ ...own, browser: browser ?? context, page, requests });
  await prepare?.(page);
  await page.goto(own.address + query);
  if (!bare) await app.get("start").waitFor();
  return app;
}

// The quick answer on the CPU, unless told otherwise; closed whatever comes of `look`.
export async function visit(options, look) {
  const app = await open({ query: "?device=cpu&tier=quick", ...options });
  try {
    await look(app);
  } finally {
    await app.close();
  }
}

function within(promise, words, ms = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(words)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

class App {
  constructor({ server, address, browser, page, requests }) {
    Object.assign(this, { server, address, browser, page, requests });
    // What went wrong behind the page's back: exceptions, and what the console calls an error (also
    // the policy's).
    this.problems = [];
    page.on("pageerror", (error) => this.problems.push(`exception: ${error.message}`));
    page.on("crash", () => this.problems.push("the page crashed"));
    page.on("console", (message) => {
      if (message.type() === "error") this.problems.push(`console: ${message.text()}`);
    });
  }

  // The same browser's next tab, with the page in it.
  async another(query = "") {
    const app = new App({ ...this, page: await this.page.context().newPage() });
    await app.page.goto(this.address + query);
    await app.get("start").waitFor();
    return app;
  }

  async close() {
    await this.browser.close();
    await this.stopServer();
  }

  async stopServer() {
    if (!this.server) return;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.server = null;
  }

  // All that the page needs has come: the networks, and its own copy for a visit without a network.
  async ready() {
    await this.get("weights").filter({ hasText: "Networks loaded" }).waitFor({ timeout: PATIENCE_MS });
    await this.page.locator('[data-testid=privacy-ready][data-ready="true"]').waitFor({ state: "attached", timeout: PATIENCE_MS });
  }

  get = (id) => this.page.getByTestId(id);
  click = (id) => this.get(id).click();

  // ── Opening ────────────────────────────────────────────────────────────────────────────────────

  openPhantom = () => this.click("open-phantom");
  openFolder = (folder, slot = "current") => this.get(`folder-${slot}`).setInputFiles(folder);
  openFiles = (files, slot = "current") => this.get(`files-${slot}`).setInputFiles(files);

  // Drags files or folders from outside into the page and lets go over an element, as the browser
  // reports it.
  async drop(paths, id) {
    const box = await this.get(id).boundingBox();
    await this.dropAt(paths, [box.x + box.width / 2, box.y + box.height / 2]);
  }

  async dropAt(paths, [x, y]) {
    const session = await this.page.context().newCDPSession(this.page);
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      const data = { items: [], files: paths, dragOperationsMask: 1 };
      await session.send("Input.dispatchDragEvent", { type, x, y, data });
    }
    await session.detach();
  }

  // How a run ends, as a screen reader is told it: "finished", "no number", "stopped" or "choose".
  async outcome(timeout = STUDY_MS) {
    const words = /^(Finished|No number|Stopped|Choose)/;
    const status = this.get("status").filter({ hasText: words });
    await status.waitFor({ state: "attached", timeout });
    return (await status.textContent()).match(words)[1].toLowerCase();
  }

  // ── The worker ─────────────────────────────────────────────────────────────────────────────────

  // Returns the page's worker, as soon as there is one.
  worker = async () => this.page.workers()[0] ?? this.page.waitForEvent("worker", { timeout: PATIENCE_MS });

  // Makes the worker die of an error.
  async kill() {
    const worker = await this.worker();
    const ended = new Promise((resolve) => worker.once("close", resolve));
    await worker.evaluate(() => setTimeout(() => { throw new Error("ended by a test"); }));
    await ended;
  }

  // Closes the study under examination, and waits until its worker has ended with it.
  async closeStudy() {
    const worker = await this.worker();
    const ended = new Promise((resolve) => worker.once("close", resolve));
    await this.click("close-study");
    await within(ended, "the study was closed, and its worker goes on");
    await this.get("start").waitFor();
  }

  // Waits until the worker has stopped at the message that `faults.halting` or `goOn` named last.
  async halted() {
    const worker = await this.worker();
    try {
      await within(worker.evaluate(() => self.halted), "the computing part came to no halt");
    } catch (error) {
      // Another one has taken its place.
      if (this.page.workers().includes(worker)) throw error;
      await this.halted();
    }
  }

  // Lets the worker go on; with `message`, until it has posted the next one that fits.
  async goOn(message) {
    const worker = await this.worker();
    await worker.evaluate((message) => {
      if (message) self.halt(message);
      self.goOn();
    }, message);
  }

  // ── Reading ────────────────────────────────────────────────────────────────────────────────────

  async words(id) {
    return (await this.get(id).first().textContent()).replaceAll("\u202f", " ").trim();
  }

  // The severity card's row of one lung: millilitres and per cent.
  async lung(side) {
    const number = async (id) => Number((await this.words(`${id}-${side}`)).replace(/[^0-9.]/g, ""));
    return { volume: await number("volume"), lesions: await number("lesions"), share: await number("share") };
  }

  // Every issue that can be read on the page, in its order; what is folded away doesn't count.
  async issues() {
    return this.get("issue").evaluateAll((items) =>
      items
        .filter((item) => item.checkVisibility())
        .map((item) => ({ code: item.dataset.code, text: item.textContent.trim() })),
    );
  }

  // Opens what is folded away.
  unfold = () => this.page.locator(".issue-group:not([open]) > summary").evaluateAll((all) => all.forEach((one) => one.click()));

  // The report that "Save report" gives.
  async report() {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.click("save-report")]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString());
  }

  slice = async () => Number(await this.get("canvas").getAttribute("data-index"));

  // Waits until a slice is on screen, and sees that it stays there.
  async showsSlice(index) {
    await this.page.locator(`[data-testid=canvas][data-index="${index}"]`).waitFor({ timeout: 5_000 });
    await this.settled();
    assert.equal(await this.slice(), index);
  }

  // From canvas pixels to image pixels: what the last drawing was done with.
  async transform() {
    await this.settled();
    return this.get("canvas").evaluate((canvas) => {
      const { a, d, e, f } = canvas.getContext("2d").getTransform();
      return { scale: [a, d], offset: [e, f] };
    });
  }

  // The picture on the canvas, once it has been drawn.
  async picture() {
    await this.settled();
    return this.get("canvas").evaluate((canvas) => canvas.toDataURL());
  }

  settled = () => this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

  // Pictures of what is on screen, on a desk and on a phone, in e2e/out.
  async shoot(name) {
    mkdirSync(OUT, { recursive: true });
    for (const [device, viewport] of [["desk", DESKTOP], ["phone", PHONE]]) {
      await this.page.setViewportSize(viewport);
      await this.settled();
      await this.page.screenshot({ path: path.join(OUT, `${name}-${device}.png`), fullPage: device === "phone" });
    }
    await this.page.setViewportSize(DESKTOP);
    await this.settled();
  }
}
