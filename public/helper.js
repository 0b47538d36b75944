// Starts one of the worker's helpers. It is sent the worker's compiled module, so that nothing is fetched or compiled
// a second time; the helper says itself when it listens.

import init from "./corsai-worker.js";

self.onmessage = ({ data }) => {
  self.onmessage = null;
  // Thrown from a timer it reaches the owner as an error event; a rejected promise would not.
  init({ module_or_path: data }).catch((error) => setTimeout(() => { throw error; }));
};
