// Node.js 20 has wasm's relaxed SIMD behind a flag.

import { setFlagsFromString } from "node:v8";

if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
