// The page in a network of its own, in which there is nothing but loopback (P3): whatever it tried
// would have nowhere to go. Host, browser and test run inside. Where this machine can't make such a
// network, the test is skipped.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { STUDY_MS, open } from "../lib/app.mjs";
import { small } from "../lib/studies.mjs";

const INSIDE = "CORSAI_JAILED";
const jail = (...command) => ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "jail", ...command];

function possible() {
  const [program, ...options] = jail("true");
  try {
    execFileSync(program, options, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

if (process.env[INSIDE]) {
  assert.deepEqual(Object.keys(networkInterfaces()), ["lo"]);
  const app = await open({ query: "?device=cpu&tier=quick" });
  await app.openFolder(small("jail"));
  assert.equal(await app.outcome(), "finished", JSON.stringify(await app.issues()));
  assert.deepEqual(app.problems, []);
  await app.close();
} else {
  const skip = possible() ? false : "this machine gives no network namespace (unshare, ip)";
  describe("in a network of nothing but loopback (P3)", { skip }, () => {
    it("the page measures a study, and no error is raised", () => {
      const [program, ...options] = jail(process.execPath, fileURLToPath(import.meta.url));
      execFileSync(program, options, { env: { ...process.env, [INSIDE]: "1" }, stdio: ["ignore", "inherit", "inherit"], timeout: STUDY_MS });
    });
  });
}
