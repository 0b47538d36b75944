// What memory each side takes: that of its wasm instances, which never shrinks, and the most that
// its buffers on the GPU came to. A buffer counts until it is destroyed or collected; what a driver
// adds isn't seen.

const none = () => ({ instances: new Set(), buffers: 0, most: 0 });
const held = { ours: none(), peer: none() };
let side = null;

// From now on what is made is that side's; of nobody's, nothing is counted.
export const belongsTo = (name) => (side = held[name] ?? null);

// Bytes by side.
export const taken = () =>
  Object.fromEntries(Object.entries(held).map(([name, { instances, most }]) => [name, { wasm: bytes(instances), buffers: most }]));

const bytes = (memories) => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

for (const how of ["instantiate", "instantiateStreaming"]) {
  const plain = WebAssembly[how];
  WebAssembly[how] = async (source, imports = {}) => {
    const owner = side;
    const made = await plain.call(WebAssembly, source, imports);
    for (const names of [...Object.values(imports), (made.instance ?? made).exports]) {
      for (const one of Object.values(names)) if (one instanceof WebAssembly.Memory) owner?.instances.add(one);
    }
    return made;
  };
}

if (globalThis.GPUDevice) {
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  const living = new WeakMap();
  const gone = (one) => {
    if (one?.size) one.owner.buffers -= one.size;
    if (one) one.size = 0;
  };
  const collected = new FinalizationRegistry(gone);
  GPUDevice.prototype.createBuffer = function (wanted) {
    const buffer = createBuffer.call(this, wanted);
    if (side) {
      const one = { owner: side, size: buffer.size };
      side.buffers += one.size;
      side.most = Math.max(side.most, side.buffers);
      living.set(buffer, one);
      collected.register(buffer, one);
    }
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    gone(living.get(this));
    return destroy.call(this);
  };
}
