// Starts the page. An own file, so that the content security policy needs no inline script. The names of what it
// starts are content hashes that the build writes into this script's tag.

const tag = document.querySelector("script[data-js]");
const text = document.getElementById("static");

function failed() {
  document.getElementById("static-loading")?.setAttribute("hidden", "");
  document.getElementById("static-failed")?.removeAttribute("hidden");
}

try {
  const { default: start } = await import(new URL(tag.dataset.js, document.baseURI));
  await start({ module_or_path: new URL(tag.dataset.wasm, document.baseURI) });
  text?.remove();
} catch {
  failed();
}
