// Starts the page. An own file, so that the content security policy needs no inline script. The names of what it
// starts are content hashes that the build writes into this script's tag.

const { js, wasm, wasmIntegrity, worker, relaxedWorker, gpuWorker } = document.querySelector("script[data-js]").dataset;
const from = (path) => new URL(path, document.baseURI).href;

function failed() {
  document.getElementById("static-loading")?.setAttribute("hidden", "");
  document.getElementById("static-failed")?.removeAttribute("hidden");
}

// Leptos makes elements of the page's own constant markup by innerHTML, and four scripts are started by name. All else
// that turns a text into code is refused.
const ACTIVE = /<\s*(script|iframe|frame|object|embed|base|meta|link|form)\b|[\s/]on\w+\s*=|srcdoc|javascript:/i;
globalThis.trustedTypes?.createPolicy("default", {
  createHTML: (html) => (ACTIVE.test(html) ? null : html),
  createScriptURL: (url) => ([worker, relaxedWorker, gpuWorker, "sw.js"].map(from).includes(from(url)) ? from(url) : null),
});

try {
  const { default: start } = await import(from(js));
  await start({ module_or_path: fetch(from(wasm), { integrity: wasmIntegrity }) });
  document.getElementById("static")?.remove();
} catch {
  failed();
}
