// What "your files never leave this computer" means, part by part: nothing is asked for once a
// study is open, nothing of it is written anywhere, nothing can be sent by the part that reads it,
// and it all works with the network gone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { STUDY_MS, open } from "../lib/app.mjs";
import { stored, storedText } from "../lib/browser.mjs";
import { changed } from "../lib/dicom.mjs";
import * as studies from "../lib/studies.mjs";

// What holds before long.
async function eventually(holds) {
  for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((done) => setTimeout(done, 100))) {
    try {
      return await holds();
    } catch {}
  }
  return holds();
}

// Strings that are nowhere else, in the places where a study says who it is of.
const CANARY = "QZXCANARY";
const SPOILT = {
  "0008,0050": `${CANARY}ACC`,
  "0008,0070": `${CANARY}MAKER`,
  "0008,0090": `${CANARY}^DOCTOR`,
  "0008,1030": `${CANARY} STUDY`,
  "0010,0010": `${CANARY}^PATIENT`,
  "0010,0020": `${CANARY}-ID`,
  "0010,0030": "19010203",
  "0010,4000": `${CANARY} remarks`,
};

function canaries() {
  const good = studies.slicesOf(studies.small("canary-plain"));
  const named = good.map((bytes, index) => [`${CANARY}-${index}.dcm`, changed(bytes, SPOILT)]);
  // One broken file, so that there is an issue that names it on screen.
  named.push([`${CANARY}-broken.dcm`, studies.truncated(named[3][1])]);
  return studies.writeStudy("canary", named);
}

describe("a study of somebody", () => {
  let app;
  let asked;
  const logged = [];
  before(async () => {
    const prepare = async (page) => {
      page.on("console", (message) => logged.push(message.text()));
      // The policy lets nobody read the clipboard, so what is put there is written down.
      await page.addInitScript(() => { Clipboard.prototype.writeText = async (text) => void (globalThis.copied = text); });
    };
    app = await open({ query: "?device=cpu&tier=quick", prepare });
    await app.ready();
    await app.get("device").waitFor({ state: "attached", timeout: STUDY_MS });
    asked = app.requests.length;
    await app.openFolder(canaries());
    assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
  });
  after(() => app?.close());

  // A browser looks now and then, by itself, whether the service worker is still the newest.
  it("makes the page ask its host for nothing (P2)", () => {
    const since = app.requests.slice(asked).map(({ method, url }) => `${method} ${url}`);
    assert.deepEqual(since.filter((request) => request !== "GET /sw.js"), []);
  });

  it("is told so by the privacy panel", async () => {
    assert.equal(await app.words("requests-since"), "Since a study was opened: no request.");
    assert.equal(await app.words("stopped"), "The policy has had nothing to stop.");
    await app.click("privacy-open");
    await app.get("stored").filter({ hasText: "Nothing of a study" }).waitFor();
    await app.get("manifest-hash").filter({ hasText: /^[0-9a-f]{64}$/ }).waitFor();
    assert.match(await app.words("build"), /^[0-9a-f]{16}$/);
    await app.shoot("privacy");
    await app.click("privacy-close");
  });

  it("leaves its names in no address, title, log, storage or export (P4)", async () => {
    await app.unfold();
    const [url, title] = await app.page.evaluate(() => [location.href, document.title]);
    const report = JSON.stringify(await app.report());
    await app.click("copy-summary");
    await app.get("export-said").filter({ hasText: "Copied" }).waitFor();
    const copied = await app.page.evaluate(() => globalThis.copied);
    assert.match(copied, /Both lungs/);
    const places = {
      url,
      title,
      report,
      copied,
      console: [...logged, ...app.problems].join("\n"),
      storage: await storedText(app.page),
      requests: JSON.stringify(app.requests),
      issues: (await app.issues()).map(({ code }) => code).join(),
    };
    for (const [name, text] of Object.entries(places)) assert.equal(text.includes(CANARY), false, name);
    assert.equal(report.includes("19010203"), false, "a birth date");
    assert.ok(places.storage.length > 10_000_000, "the weights were looked through");
  });

  it("is gone with its worker when it is closed", async () => {
    const [worker] = app.page.workers();
    const ended = new Promise((resolve) => worker.once("close", resolve));
    await app.click("close-study");
    await ended;
    await app.get("start").waitFor();
    assert.doesNotMatch(await app.page.content(), new RegExp(CANARY));
    assert.deepEqual(app.problems, []);
  });
});

let folder;
before(() => (folder = studies.small("private")));

describe("the panel's list of requests", () => {
  it("hides none of those since a study was opened behind many before it", async () => {
    const app = await open({ query: "?device=cpu&tier=quick" });
    try {
      await app.ready();
      const ask = (count) => app.page.evaluate(async (count) => {
        for (let nth = 0; nth < count; nth += 1) await (await fetch("icon.svg")).blob();
      }, count);
      await ask(520);
      const all = async () => Number((await app.words("requests-all")).match(/^[\d\s,.]+/)[0].replace(/\D/g, ""));
      const listed = async (count) => assert.ok((await all()) >= count, await app.words("requests-all"));
      await eventually(() => listed(520));
      await app.openFolder(folder);
      assert.equal(await app.words("requests-since"), "Since a study was opened: no request.");
      await ask(5);
      await eventually(async () => assert.equal(await app.words("requests-since"), "Since a study was opened: 5 requests, each for one of this page's own files."));
      await listed(525);
      assert.match(await app.words("requests-all"), /; the newest 500$/);
      assert.equal(await app.page.locator("[data-testid=requests] li").count(), 500);
    } finally {
      await app.close();
    }
  });
});

describe("a report that is saved", () => {
  // Safari reads the address some time after the click.
  it("can be read at its address for a while after the click, and then no more", async () => {
    const prepare = (page) => page.addInitScript(() => {
      globalThis.created = [];
      const create = URL.createObjectURL;
      URL.createObjectURL = (blob) => (globalThis.created.push(create.call(URL, blob)), globalThis.created.at(-1));
      const timer = globalThis.setTimeout;
      globalThis.late = [];
      // What waits for a minute or more waits for the test.
      globalThis.setTimeout = (then, ms, ...args) => (ms >= 60_000 ? (globalThis.late.push(() => then(...args)), 0) : timer(then, ms, ...args));
      const revoke = URL.revokeObjectURL;
      globalThis.revoked = [];
      URL.revokeObjectURL = (url) => (globalThis.revoked.push(url), revoke.call(URL, url));
    });
    const app = await open({ query: "?device=cpu&tier=quick", prepare });
    try {
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished");
      assert.ok((await app.report()).format);
      const [urls, before] = await app.page.evaluate(() => [globalThis.created, globalThis.revoked]);
      assert.equal(urls.length, 1);
      assert.deepEqual(before, []);
      await app.page.evaluate(() => globalThis.late.splice(0).forEach((then) => then()));
      await eventually(async () => assert.deepEqual(await app.page.evaluate(() => globalThis.revoked), urls));
    } finally {
      await app.close();
    }
  });
});

describe("with the network gone (P1)", () => {
  it("measures a study that is dropped when the server has stopped", async () => {
    const app = await open({ query: "?device=cpu&tier=quick" });
    try {
      await app.ready();
      await app.stopServer();
      await app.page.context().setOffline(true);
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
      assert.ok((await app.lung("both")).share > 5);
      assert.deepEqual(app.problems, []);
    } finally {
      await app.close();
    }
  });
});

describe("when the browser is opened again (P8)", () => {
  it("has kept the page, its weights and the scale that was chosen, and nothing else", async () => {
    const profile = mkdtempSync(path.join(tmpdir(), "corsai-profile-"));
    let app;
    try {
      app = await open({ query: "?device=cpu&tier=quick", profile });
      await app.ready();
      await app.openFolder(folder);
      assert.equal(await app.outcome(), "finished");
      await app.page.getByRole("button", { name: /panel/i }).click();
      // The page's own files are copied in the background.
      for (let tries = 0; tries < 120 && Object.keys((await stored(app.page)).cached).length < 2; tries += 1) {
        await app.page.waitForTimeout(500);
      }
      // Chromium writes the list of caches to disk five seconds after the last one was made.
      await app.page.waitForTimeout(8000);
      await app.close();
      app = await open({ query: "?device=cpu&tier=quick", profile });
      const { cached, ...rest } = await stored(app.page);
      rest.local = rest.local.filter((name) => name !== "corsai.scale");
      assert.deepEqual(rest, { files: [], cookies: "", local: [], session: [], databases: [] });
      const [page, ...others] = Object.keys(cached).sort();
      assert.match(page, /^corsai-page-[0-9a-f]{16}$/);
      assert.deepEqual(others, ["corsai-weights"]);
      for (const url of cached[page]) assert.match(url, /^$|^(assets|worker)\/[\w./-]+$|^(icon\.svg|manifest\.json)$/);
      for (const url of cached["corsai-weights"]) assert.match(url, /^models\/[\w.-]+\.bin\?sha256=[0-9a-f]{64}$/);
      // And it can be thrown away.
      await app.ready();
      await app.click("privacy-open");
      await app.click("forget-stored");
      await app.get("stored").filter({ hasText: "this tab will store nothing" }).waitFor();
      assert.deepEqual((await stored(app.page)).cached, {});
      // For good: a next study fetches the networks again, and a scale is chosen again.
      await app.click("privacy-close");
      for (let study = 0; study < 2; study += 1) {
        await app.openFolder(folder);
        assert.equal(await app.outcome(), "finished");
        await app.page.getByRole("button", { name: /panel/i }).click();
        await app.click("close-study");
      }
      const { cached: again, local } = await stored(app.page);
      assert.deepEqual([again, local], [{}, []]);
    } finally {
      await app?.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    }
  });
});

// ── What is tried against it (P5) ────────────────────────────────────────────────────────────────

// Each way out that page or worker know; `to` is an address of somebody else. Runs there.
function attempts(to) {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const stopped = [];
  globalThis.addEventListener("securitypolicyviolation", (event) => stopped.push(event.effectiveDirective));
  // Whether it throws or fails; a policy may also let it come to nothing.
  const outcomes = {};
  const attempt = async (name, what) => {
    try {
      outcomes[name] = await Promise.race([what(), wait(1500).then(() => "nothing came")]);
    } catch (error) {
      outcomes[name] = `refused: ${error.name}`;
    }
  };
  const failed = (target) => new Promise((resolve, reject) => {
    target.onopen = target.onload = () => resolve("done");
    target.onerror = () => reject(new Error());
  });
  const ways = {
    fetch: () => fetch(to).then(() => "done"),
    "fetch without cors": () => fetch(to, { mode: "no-cors", method: "POST", body: "x" }).then(() => "done"),
    XMLHttpRequest: () => { const x = new XMLHttpRequest(); x.open("GET", to); x.send(); return failed(x); },
    WebSocket: () => failed(new WebSocket(to.replace("http", "ws"))),
    EventSource: () => failed(new EventSource(to)),
    import: () => import(to).then(() => "done"),
    Function: async () => new Function("return 'done'")(),
    // oxlint-disable-next-line no-eval -- the policy has to forbid this call.
    eval: async () => (0, eval)("'done'"),
    "worker from a text": async () => { new Worker(URL.createObjectURL(new Blob(["1"]))); return wait(300); },
    "worker from elsewhere": async () => { new Worker(to); return wait(300); },
  };
  if (globalThis.document) {
    const element = (name, set, attribute = "src") => () => {
      const made = Object.assign(document.createElement(name), set);
      const outcome = failed(made);
      made[attribute] = to;
      document.body.append(made);
      return outcome;
    };
    Object.assign(ways, {
      sendBeacon: async () => (navigator.sendBeacon(to, "x") ? wait(300) : "refused"),
      image: element("img", {}),
      script: element("script", {}),
      // Its load event tells nothing: it comes with the error that is shown in its place, too.
      frame: async () => { document.body.append(Object.assign(document.createElement("iframe"), { src: to })); return wait(500); },
      object: element("object", {}, "data"),
      video: element("video", {}),
      stylesheet: element("link", { rel: "stylesheet" }, "href"),
      prefetch: element("link", { rel: "prefetch" }, "href"),
      preload: element("link", { rel: "preload", as: "image" }, "href"),
      form: async () => {
        const form = Object.assign(document.createElement("form"), { action: to, method: "POST" });
        document.body.append(form);
        form.submit();
        return wait(300);
      },
      "background picture": async () => { document.body.style.backgroundImage = `url(${to})`; return wait(300); },
      "markup with a script": async () => { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=alert(1)>"); return "done"; },
      "style in markup": async () => {
        const made = document.createElement("p");
        made.setAttribute("style", "color: rgb(1, 2, 3)");
        document.body.append(made);
        return getComputedStyle(made).color === "rgb(1, 2, 3)" ? "done" : "refused";
      },
    });
  }
  // From a timer: what a debugger evaluates itself may be under no policy.
  return new Promise((resolve) => {
    setTimeout(async () => {
      for (const [name, what] of Object.entries(ways)) await attempt(name, what);
      await wait(300);
      resolve({ outcomes, stopped: [...new Set(stopped)].sort() });
    });
  });
}

describe("code that wanted to send something (P5)", () => {
  let app;
  let elsewhere;
  const received = [];
  before(async () => {
    const server = createServer((request, response) => {
      received.push(`${request.method} ${request.url}`);
      response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin" }).end("1");
    });
    server.on("upgrade", (request, socket) => (received.push(`upgrade ${request.url}`), socket.destroy()));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    elsewhere = { server, address: `http://127.0.0.1:${server.address().port}/` };
    app = await open({ query: "?device=cpu&tier=quick" });
    await app.ready();
    await app.get("device").waitFor({ state: "attached", timeout: STUDY_MS });
  });
  after(async () => {
    await app?.close();
    elsewhere?.server.close();
  });

  const refused = (outcomes) => {
    for (const [name, outcome] of Object.entries(outcomes)) assert.notEqual(outcome, "done", name);
  };

  it("can't from the page, to another host", async (t) => {
    const { outcomes, stopped } = await app.page.evaluate(attempts, `${elsewhere.address}page`);
    t.diagnostic(JSON.stringify({ outcomes, stopped }));
    refused(outcomes);
    assert.deepEqual(received, []);
    for (const directive of ["connect-src", "form-action", "frame-src", "img-src", "script-src", "style-src-attr"]) {
      assert.ok(stopped.some((s) => s.startsWith(directive)), `${directive} among ${stopped}`);
    }
    // The panel says so.
    assert.match(await app.words("stopped"), /The policy has stopped: .*connect-src/);
  });

  it("can't from the computing part, to another host or to the page's own", async (t) => {
    const before = app.requests.length;
    for (const to of [`${elsewhere.address}worker`, `${app.address}worker`]) {
      const { outcomes, stopped } = await app.page.workers()[0].evaluate(attempts, to);
      t.diagnostic(JSON.stringify({ outcomes, stopped }));
      refused(outcomes);
      assert.ok(stopped.includes("connect-src"), `${stopped}`);
    }
    assert.deepEqual(received, []);
    assert.deepEqual(app.requests.slice(before), []);
  });

  it("can't send to the page's own host by what the service worker lets through", async () => {
    const before = app.requests.length;
    const outcomes = await app.page.evaluate(async (own) => {
      const tries = { post: fetch(own, { method: "POST", body: "x" }), query: fetch(`${own}icon.svg?name=x`), unknown: fetch(`${own}name/x`) };
      const settled = await Promise.allSettled(Object.values(tries));
      return settled.map(({ status }) => status);
    }, app.address);
    assert.deepEqual(outcomes, ["rejected", "rejected", "rejected"]);
    assert.deepEqual(app.requests.slice(before), []);
  });
});
