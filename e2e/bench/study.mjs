// A whole study in a fresh browser, from the drop to its answers.

import { STUDY_MS, open } from "../lib/app.mjs";
import { peak } from "./reading.mjs";

// Of a folder that is dropped, or of the synthetic study that the page makes itself. Seconds until
// there is: a slice on screen, colour on it (an overlay; a CT is grey), the finished card, and each
// further tier's answer up to `tier`. How often lesion networks ran for the last. And the most
// memory: of all wasm instances together, bytes; of the page's process, MB.
export async function watched({ folder, tier = "quick", fullRun = false }) {
  const app = await open({ query: `?device=cpu&tier=${tier}${fullRun ? "&full-run" : ""}` });
  try {
    await app.get("weights").filter({ hasText: "Networks loaded" }).waitFor({ timeout: STUDY_MS });
    await app.page.evaluate(watch, folder ? "drop" : "click");
    if (folder) await app.drop([folder], "dropzone");
    else await app.openPhantom();
    const last = tier === "quick" ? "finished" : tier;
    await app.page.waitForFunction((last) => last in window.seen, last, { timeout: 3 * STUDY_MS, polling: 500 });
    const { runs } = await app.report();
    const networks = runs.networks.filter(({ name }) => !name.startsWith("lungs")).reduce((sum, { slices }) => sum + slices, 0);
    return { ...(await app.page.evaluate(() => window.seen)), networks, instances: runs.memory_bytes, process: await peak(app.browser) };
  } finally {
    await app.close();
  }
}

// Runs in the page.
function watch(event) {
  const seen = (window.seen = {});
  let begun;
  const note = (what, there) => {
    if (there && !(what in seen)) seen[what] = (performance.now() - begun) / 1000;
  };
  const coloured = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4 * 7) {
      if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 40) return true;
    }
    return false;
  };
  const look = () => {
    const canvas = document.querySelector("[data-testid=canvas]");
    const drawn = canvas?.width > 0 && !document.querySelector(".stage-waiting");
    note("slice", drawn);
    if (!("overlay" in seen)) note("overlay", drawn && coloured(canvas));
    note("finished", document.querySelector("[data-testid=status]")?.textContent.startsWith("Finished"));
    const { tier } = document.querySelector("[data-testid=tiers]")?.dataset ?? {};
    for (const further of ["standard", "full"]) note(further, tier === further);
    setTimeout(look, 100);
  };
  addEventListener(event, () => ((begun = performance.now()), look()), { capture: true, once: true });
}
