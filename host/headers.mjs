// What every answer of a host has to say, in one place: the host configurations, dist/_headers, the
// page's <meta> and the tests' server are made from this. Paths are relative to the page's folder,
// which may be any folder of a host.

// 'wasm-unsafe-eval' lets WebAssembly be compiled; JavaScript's eval stays forbidden. `connect-src
// 'self'` is for the page's own wasm and weights. What a policy can't forbid is listed in
// SECURITY.md.
const PAGE = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "connect-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self'",
  "manifest-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
  "require-trusted-types-for": "'script'",
  "trusted-types": "default",
};

// The computing part reads the study, and has no way out: not even to its own host, not even by
// importing a script. A worker takes its policy from its own script's headers, not from the page's.
// It starts compute workers (worker-src), by Trusted Types from its own script only.
const WORKER = {
  "default-src": "'none'",
  "script-src": "'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "connect-src": "'none'",
  "require-trusted-types-for": "'script'",
  "trusted-types": "default",
};

// The service worker fetches the page's own files and nothing else.
const KEEPER = { "default-src": "'none'", "connect-src": "'self'", "require-trusted-types-for": "'script'", "trusted-types": "'none'" };

const text = (policy) => Object.entries(policy).map((pair) => pair.join(" ")).join("; ");

// A document's <meta> knows no frame-ancestors.
const { "frame-ancestors": _, ...MARKUP } = PAGE;
export const META_POLICY = text(MARKUP);

export const POLICY = "Content-Security-Policy";
export const CACHE = "Cache-Control";

// In every answer, errors among them.
export const HEADERS = {
  [POLICY]: text(PAGE),
  "Permissions-Policy": [
    "accelerometer", "bluetooth", "browsing-topics", "camera", "clipboard-read", "display-capture", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
  ].map((feature) => `${feature}=()`).join(", "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Origin-Agent-Cluster": "?1",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=63072000",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
};

// Files with another policy, by a regular expression on the end of their path.
export const POLICIES = [
  { ends: "/worker/[^/]+/worker\\.js", folder: "worker", policy: text(WORKER) },
  { ends: "/sw\\.js", file: "sw.js", policy: text(KEEPER) },
];

// Folders whose files bear a hash of their content in their path, so that they never change; but
// for them a browser asks each time whether there is a newer one.
export const FIXED = ["assets", "models", "worker"];
export const FOREVER = "public, max-age=31536000, immutable";
export const ASK = "no-cache";

export const METHODS = ["GET", "HEAD"];

// The headers of one answer of `status`, for a path from the host's root.
export function headersFor(path, status = 200) {
  const other = POLICIES.find(({ ends }) => new RegExp(`${ends}$`).test(path));
  const fixed = status < 400 && FIXED.some((folder) => path.includes(`/${folder}/`));
  return { ...HEADERS, ...(other && { [POLICY]: other.policy }), [CACHE]: fixed ? FOREVER : ASK };
}
