// WebGPU without a browser: Dawn, which is Chromium's, in Node (npm's `webgpu`). In this process
// one function of page.mjs runs as it does in a page; it is sent the function's name, its argument
// and the address of the page's files, and sends the answer back.

import { pathToFileURL } from "node:url";

import "../lib/relaxed.mjs";

// The peer's file modules find their wasm by themselves.
async function answer({ name, argument, address, ours, peer }) {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  acceptShared(globals.GPUQueue.prototype);
  const navigator = globalThis.navigator ?? {};
  Object.defineProperty(navigator, "gpu", { value: create([]) });
  // Whoever has a Window is the page's own thread to wgpu.
  Object.defineProperties(globalThis, { navigator: { value: navigator }, Window: { value: function Window() {} } });
  const page = await import("./page.mjs");
  const folder = (at) => `${pathToFileURL(at)}/`;
  return page[name](argument, { files: address, ours: folder(ours), peer: folder(peer) });
}

// Node's binding refuses memory that is shared, which the peer's is, though a browser takes it:
// such bytes are copied first.
function acceptShared(queue) {
  const { writeBuffer } = queue;
  queue.writeBuffer = function (buffer, at, data, ...which) {
    const shared = (data.buffer ?? data) instanceof SharedArrayBuffer;
    return writeBuffer.call(this, buffer, at, shared ? data.slice() : data, ...which);
  };
}

process.once("message", async (asked) => {
  const sent = await answer(asked).catch((error) => ({ failed: `${error?.message ?? error}` }));
  process.send(sent, () => process.exit());
});
