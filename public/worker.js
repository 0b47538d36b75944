// Starts the computing part, and each of its helpers. The page sends the compiled module, and the computing part sends
// it on to its helpers: nothing is fetched here, and the policy of this script's headers forbids it. The build puts the
// module's glue in place of the import.

import init from "./corsai-worker.js";

// The one script that may be started from here is this one again.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (new URL(url, import.meta.url).href === import.meta.url ? import.meta.url : null),
});

// What the policy stopped is shown by the page.
if (self.name !== "corsai-helper") addEventListener("securitypolicyviolation", ({ effectiveDirective }) => postMessage({ blocked: effectiveDirective }));

// Thrown from a timer it reaches the page as an error event, and ends in words; a rejected promise would not.
addEventListener("unhandledrejection", ({ reason }) => setTimeout(() => { throw reason; }));

self.onmessage = ({ data }) => {
  self.onmessage = null;
  init({ module_or_path: data });
};
