// Reading a study: from files to Hounsfield units of every slice, ours beside cornerstone's DICOM
// image loader with as many decoding workers, each in a fresh browser whose page has been open for
// a while: browsers compile what they have fetched in the background. The networks' weights are
// withheld, so that nothing else is computed.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { QUIET, STUDY_MS, open } from "../lib/app.mjs";
import { filesOf } from "../lib/studies.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BUNDLE = fileURLToPath(new URL("../../target/peer", import.meta.url));
// Of both: as many as a machine with two cores can use.
const WORKERS = 2;
const SETTLED_MS = 5000;

export const megabytes = (folder) => filesOf(folder).reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;

// Seconds from the drop until every slice is decoded, and the largest memory of the page's process,
// MB.
export async function ours(folder) {
  const withhold = (page) => page.route("**/models/**", () => {});
  const app = await open({ query: `?device=cpu&cores=${WORKERS}&tier=quick`, prepare: withhold });
  try {
    await app.page.waitForTimeout(SETTLED_MS);
    await app.page.evaluate(watch);
    await app.drop([folder], "dropzone");
    await app.page.waitForFunction(() => window.decoded, null, { timeout: STUDY_MS, polling: 20 });
    return { seconds: (await app.page.evaluate(() => window.decoded)) / 1000, memory: await peak(app.browser) };
  } finally {
    await app.close();
  }
}

// Runs in the page. Behind the last slice come the networks, which it waits for.
function watch() {
  addEventListener("drop", () => {
    const begun = performance.now();
    let read = false;
    const look = () => {
      const stage = document.querySelector("[data-testid=progress-stage]")?.textContent.trim() ?? "";
      read ||= /^(Reading|Decoding)/.test(stage);
      if (read && stage !== "" && !/^(Reading|Decoding)/.test(stage)) window.decoded = performance.now() - begun;
      else setTimeout(look, 5);
    };
    look();
  }, { capture: true, once: true });
}

export async function theirs(folder) {
  const { server, address } = await host();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    await page.locator("input").setInputFiles(filesOf(folder));
    await page.waitForFunction(() => window.cornerstone);
    await page.waitForTimeout(SETTLED_MS);
    const { milliseconds, count, lowest, highest } = await page.evaluate(load, WORKERS);
    // It has to do the same: Hounsfield units from air to bone, of every slice.
    if (count !== filesOf(folder).length || lowest > -900 || highest < 300) throw new Error(`${count}, ${lowest}, ${highest}`);
    return { seconds: milliseconds / 1000, memory: await peak(browser) };
  } finally {
    await browser.close();
    server.close();
  }
}

// Runs in the peer's page.
async function load(maxWebWorkers) {
  const { core, loader } = window.cornerstone;
  loader.init({ maxWebWorkers });
  const begun = performance.now();
  const names = [...document.querySelector("input").files].map((file) => loader.wadouri.fileManager.add(file));
  const images = await Promise.all(names.map((name) => core.imageLoader.loadImage(name, { preScale: { enabled: true } })));
  const milliseconds = performance.now() - begun;
  let [lowest, highest] = [Infinity, -Infinity];
  for (const image of images) {
    for (const value of image.getPixelData()) [lowest, highest] = [Math.min(lowest, value), Math.max(highest, value)];
  }
  return { milliseconds, count: images.length, lowest, highest };
}

// The largest memory that any of the browser's pages has had so far, MB, as Linux counts it.
export async function peak(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const most = ({ id }) => Number(readFileSync(`/proc/${id}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]) / 1e3;
  return Math.max(...processInfo.filter(({ type }) => type === "renderer").map(most));
}

// The peer's page, bundled, and the codecs where it looks for them.
async function host() {
  const { build } = createRequire(path.join(HERE, "package.json"))("esbuild");
  const modules = path.join(HERE, "node_modules");
  await build({
    stdin: {
      contents: `import * as core from "@cornerstonejs/core";
        import loader from "@cornerstonejs/dicom-image-loader";
        window.cornerstone = { core, loader };`,
      resolveDir: HERE,
      sourcefile: "page.js",
    },
    outfile: path.join(BUNDLE, "page.js"),
    ...BUNDLED,
  });
  await build({
    entryPoints: [path.join(modules, "@cornerstonejs/dicom-image-loader/dist/esm/decodeImageFrameWorker.js")],
    outfile: path.join(BUNDLE, "decodeImageFrameWorker.js"),
    ...BUNDLED,
  });
  const page = `<!doctype html><input type="file" multiple /><script type="module" src="page.js"></script>`;
  const codec = createRequire(path.join(modules, "@cornerstonejs/dicom-image-loader/package.json"));
  const server = createServer((request, response) => {
    const [type, body] =
      request.url === "/" ? ["text/html", page]
      : request.url.startsWith("/@") ? ["application/wasm", readFileSync(codec.resolve(request.url.slice(1)))]
      : readdirSync(BUNDLE).includes(request.url.slice(1)) ? ["text/javascript", readFileSync(path.join(BUNDLE, request.url.slice(1)))]
      : ["text/plain", ""];
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, address: `http://127.0.0.1:${server.address().port}/` };
}

const BUNDLED = { bundle: true, format: "esm", logLevel: "error", external: ["fs", "path", "crypto"] };
