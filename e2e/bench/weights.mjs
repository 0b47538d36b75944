// Where a network's tensors come from as it is built: a weights file, or synthetic where there is
// none. A source is called with a tensor's name, its shape and the number its values lie around,
// and gives the values.

import { count } from "./pack.mjs";

// Of unpacked tensors.
export const stored = (tensors) => (name, shape) => {
  const { shape: found, values } = tensors.get(name) ?? {};
  if (`${found}` !== `${shape}`) throw new Error(`${name} has shape ${found} and not ${shape}`);
  return values;
};

// Noise, the same every time: for what convolutions multiply by in 8 bits, so large that signals
// keep their size; for the rest in f32. What is synthetic goes into `tensors`, as `pack` takes it.
export function madeUp(tensors) {
  let state = 1;
  const noise = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  return (name, shape, around) => {
    const values = new Float32Array(count(shape));
    if (shape.length === 1) {
      for (let i = 0; i < values.length; i += 1) values[i] = around + 0.2 * noise();
      tensors.set(name, { shape, values });
      return values;
    }
    const fanIn = values.length / shape[0];
    // Even noise of ±127 has a deviation of 127 / √3.
    const scale = (Math.sqrt(2 / fanIn) * Math.sqrt(3)) / 127;
    const scales = Float32Array.from({ length: shape[0] }, () => scale * (1 + 0.5 * noise()));
    const integers = Int8Array.from(values, () => Math.round(254 * noise()));
    for (let i = 0; i < values.length; i += 1) values[i] = integers[i] * scales[Math.floor(i / fanIn)];
    tensors.set(name, { shape, integers, scales });
    return values;
  };
}
