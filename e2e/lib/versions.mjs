// A newer version of the page, as a host has it after the older one, and a tab that takes it.

import { createHash } from "node:crypto";

import { PATIENCE_MS } from "./app.mjs";
import * as faults from "./fault_injection.mjs";

// A host that has a newer build once `state.newer` is set: the same files below other names, as
// hashed names differ, and the older ones gone.
export function updating(state) {
  const renamed = (text) => text.replace(/\b(assets|worker)\//g, "$1-new/");
  const index = Buffer.from(renamed(faults.bytesOf("index.html").toString()));
  const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  return {
    answer: (name) => {
      if (!state.newer) return null;
      if (name === "" || name === "index.html") return { body: index };
      if (/^(assets|worker)-new\//.test(name)) return { body: faults.bytesOf(name.replace("-new/", "/")) };
      if (/^(assets|worker)\//.test(name)) return { status: 404, body: "gone with the older build" };
      if (name !== "sw.js") return null;
      const text = renamed(faults.bytesOf(name).toString()).replace(/BUILD = "[^"]*"/, 'BUILD = "newer"');
      return { body: text.replaceAll(integrity(faults.bytesOf("index.html")), integrity(index)) };
    },
  };
}

// Takes the newer version into use in a tab without a study.
export async function takeNewer(app) {
  await app.page.reload();
  await app.get("newer").waitFor({ timeout: PATIENCE_MS });
  await Promise.all([app.page.waitForNavigation(), app.click("take-newer")]);
}
