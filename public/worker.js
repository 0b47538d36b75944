// Starts the worker, and each of its compute workers. The page posts the compiled module, and the
// worker posts it to its compute workers: nothing is fetched here, which the policy in this
// script's headers also forbids. The build replaces the import with the module's glue.

import init from "./corsai-worker.js";

// The only script that may be started from here is this one.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (new URL(url, import.meta.url).href === import.meta.url ? import.meta.url : null),
});

// The page shows violations of the policy.
if (self.name !== "corsai-compute-worker") addEventListener("securitypolicyviolation", ({ effectiveDirective }) => postMessage({ blocked: effectiveDirective }));

// An error thrown from a timer reaches the page as an error event; a rejected promise would not.
addEventListener("unhandledrejection", ({ reason }) => setTimeout(() => { throw reason; }));

self.onmessage = ({ data }) => {
  self.onmessage = null;
  init({ module_or_path: data });
};
