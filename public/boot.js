// Starts the page. A file of its own, so that the content security policy needs no inline script.
// The files that it starts are named by content hashes, which the build writes into this script's
// tag.

const { js, wasm, wasmIntegrity, worker, relaxedWorker, gpuWorker } = document.querySelector("script[data-js]").dataset;
const from = (path) => new URL(path, document.baseURI).href;

// The theme that was chosen on an earlier visit, before anything is drawn in another one.
try {
  document.documentElement.dataset.theme = localStorage.getItem("corsai.theme") ?? "system";
} catch {
  // No storage: the system's.
}

function failed(sentence) {
  document.getElementById("static-loading")?.setAttribute("hidden", "");
  document.getElementById(sentence)?.removeAttribute("hidden");
}

// Without a style sheet the page would show pictures and numbers wrongly. The browser has loaded
// them by now: a sheet that failed, or has another hash, is missing or has no readable rules.
function styled({ sheet }) {
  try {
    return sheet.cssRules.length > 0;
  } catch {
    return false;
  }
}

// Leptos creates elements of the page's constant markup by innerHTML, and four scripts are started
// by name. Any other way from a text to code is refused.
const ACTIVE = /<\s*(script|iframe|frame|object|embed|base|meta|link|form)\b|[\s/]on\w+\s*=|srcdoc|javascript:/i;
globalThis.trustedTypes?.createPolicy("default", {
  createHTML: (html) => (ACTIVE.test(html) ? null : html),
  createScriptURL: (url) => ([worker, relaxedWorker, gpuWorker, "sw.js"].map(from).includes(from(url)) ? from(url) : null),
});

async function start() {
  try {
    const { default: run } = await import(from(js));
    await run({ module_or_path: fetch(from(wasm), { integrity: wasmIntegrity }) });
    document.getElementById("static")?.remove();
  } catch {
    failed("static-failed");
  }
}

if ([...document.querySelectorAll('link[rel="stylesheet"]')].every(styled)) await start();
else failed("static-unstyled");
