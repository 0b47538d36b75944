// What an adapter can do at most, by two small programs: products with sums of f32 that wait for
// nothing but each other, and a large buffer copied. Against it the networks are held.

// Long enough that beginning and end of a run don't count.
const LONG_MS = 100;
const TRIES = 5;
const WORKGROUP = 256;

// ── Products ─────────────────────────────────────────────────────────────────────────────────────

const WORKGROUPS = 2048;
// Chains of vec4f that an invocation has under way, and links of each a round.
const [CHAINS, LINKS] = [8, 8];
const chains = Array.from({ length: CHAINS }, (_, nth) => `c${nth}`);
const PRODUCTS_PER_ROUND = WORKGROUPS * WORKGROUP * CHAINS * LINKS * 4;

// All is stored, so that nothing is left out; it tends to a plain number, so that none is slow.
const PRODUCTS = `
@group(0) @binding(0) var<storage, read_write> results: array<vec4f>;
@group(0) @binding(1) var<uniform> rounds: u32;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(0.5 + f32(id.x) * 1e-9);
  let a = vec4f(0.25, 0.5, 0.75, 1.0);
  ${chains.map((c, nth) => `var ${c} = a * ${nth + 1}.0;`).join("\n  ")}
  for (var i = 0u; i < rounds; i += 1u) {
    ${Array(LINKS).fill(chains.map((c) => `${c} = fma(${c}, m, a);`).join(" ")).join("\n    ")}
  }
  results[id.x] = ${chains.join(" + ")};
}`;

// ── A copy ───────────────────────────────────────────────────────────────────────────────────────

// More than caches hold, and no more than every adapter binds.
const COPIED = 128 * 2 ** 20;
const COPY = `
@group(0) @binding(0) var<storage, read_write> target_: array<vec4f>;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  target_[id.x] = source[id.x];
}`;

// `{ flops, bytes }` a second: a product and its sum are two operations, what is read and written
// both count.
export async function peak() {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const device = await adapter.requestDevice();
  try {
    const buffer = (size, usage) => device.createBuffer({ size, usage });
    const [results, rounds] = [
      buffer(WORKGROUPS * WORKGROUP * 16, GPUBufferUsage.STORAGE),
      buffer(16, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST),
    ];
    const multiply = program(device, PRODUCTS, [results, rounds]);
    const rate = await fastest((times) => {
      device.queue.writeBuffer(rounds, 0, new Uint32Array([times]));
      return multiply(WORKGROUPS, 1);
    });
    const [target, source] = [0, 1].map(() => buffer(COPIED, GPUBufferUsage.STORAGE));
    const copy = program(device, COPY, [target, source]);
    const copies = await fastest((times) => copy(COPIED / 16 / WORKGROUP, times));
    return { flops: 2 * PRODUCTS_PER_ROUND * rate, bytes: 2 * COPIED * copies };
  } finally {
    device.destroy();
  }
}

// Returns a function that runs a shader on a number of workgroups several times, and waits for it.
function program(device, code, buffers) {
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return async (workgroups, times) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let nth = 0; nth < times; nth += 1) pass.dispatchWorkgroups(workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
}

// How many times a second, at best: doubled until it takes long enough, then tried again.
async function fastest(run) {
  const timed = async (times) => {
    const begun = performance.now();
    await run(times);
    return performance.now() - begun;
  };
  await timed(1);
  let times = 1;
  let taken = await timed(times);
  while (taken < LONG_MS) taken = await timed((times *= 2));
  for (let nth = 1; nth < TRIES; nth += 1) taken = Math.min(taken, await timed(times));
  return (1000 * times) / taken;
}
