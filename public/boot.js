// Starts the page. An own file, so that the content security policy needs no inline script. The names of what it
// starts are content hashes that the build writes into this script's tag.

const { js, wasm, wasmIntegrity, worker, relaxedWorker, gpuWorker } = document.querySelector("script[data-js]").dataset;
const from = (path) => new URL(path, document.baseURI).href;

function failed(sentence) {
  document.getElementById("static-loading")?.setAttribute("hidden", "");
  document.getElementById(sentence)?.removeAttribute("hidden");
}

// Without one of its style sheets the page would show pictures and numbers in a wrong way. The
// browser has waited for them: of one that couldn't be had, or has another hash, there is none
// here, or it has no rules that can be read.
function styled({ sheet }) {
  try {
    return sheet.cssRules.length > 0;
  } catch {
    return false;
  }
}

// Leptos makes elements of the page's own constant markup by innerHTML, and four scripts are started by name. All else
// that turns a text into code is refused.
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
