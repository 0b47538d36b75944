// Makes docs/images/page.webp: the built page with its synthetic study, as README shows it. No real
// study is ever in it. ./dev build && node e2e/picture.mjs

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { STUDY_MS, visit } from "./lib/app.mjs";

const IMAGE = fileURLToPath(new URL("../docs/images/page.webp", import.meta.url));
const QUALITY = 80;

await visit({ query: "?device=cpu&tier=standard" }, async (app) => {
  await app.openPhantom();
  assert.equal(await app.outcome(), "finished");
  await app.page.locator("[data-testid=tiers][data-tier=standard]").waitFor({ timeout: STUDY_MS });
  await app.click("most-lesions");
  await app.settled();
  const session = await app.page.context().newCDPSession(app.page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  mkdirSync(path.dirname(IMAGE), { recursive: true });
  writeFileSync(IMAGE, Buffer.from(data, "base64"));
});
