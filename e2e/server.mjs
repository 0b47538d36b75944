// A static server for dist/, with the headers that a real host has to send. `./dev serve` starts it, and the tests
// start one each. It answers GET and HEAD only: a page that wanted to send a study back couldn't.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const DIST = fileURLToPath(new URL("../dist", import.meta.url));

// 'wasm-unsafe-eval' lets WebAssembly be compiled; JavaScript's eval stays forbidden. A worker takes its policy from its
// own script's headers, so every answer bears them. (Trusted Types are left out: leptos sets innerHTML.)
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Permissions-Policy":
    "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=(), payment=(), display-capture=()",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
};

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

// Trunk's names hold a hash of the content; weights are checked against the page's manifest.
const HASHED = /-[0-9a-f]{8,}[._]/;

// Serves `root` on a local address. `seen` hears method and path of every request.
// Resolves to the server and its address, which ends in a slash.
export async function serve({ root = DIST, port = 0, seen = () => {} } = {}) {
  const server = createServer(async (request, response) => {
    seen({ method: request.method, url: request.url });
    const answer = (status, headers = {}) => response.writeHead(status, { ...HEADERS, ...headers });
    if (request.method !== "GET" && request.method !== "HEAD") {
      answer(405, { Allow: "GET, HEAD" }).end();
      return;
    }
    const file = await found(root, request.url);
    if (!file) {
      answer(404, { "Content-Type": "text/plain" }).end("Not found");
      return;
    }
    answer(200, {
      "Content-Type": TYPES[path.extname(file.path)] ?? "application/octet-stream",
      "Content-Length": file.bytes,
      "Cache-Control": HASHED.test(path.basename(file.path)) ? "public, max-age=31536000, immutable" : "no-cache",
    });
    if (request.method === "HEAD") response.end();
    else createReadStream(file.path).on("error", () => response.destroy()).pipe(response);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}/` };
}

// The file that an address names: inside `root`, not hidden.
async function found(root, url) {
  let name;
  try {
    name = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return null;
  }
  if (name.endsWith("/")) name += "index.html";
  const full = path.join(root, name);
  if (!full.startsWith(root + path.sep) || path.basename(full).startsWith(".") || full.includes("\0")) return null;
  const facts = await stat(full).catch(() => null);
  return facts?.isFile() ? { path: full, bytes: facts.size } : null;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { address } = await serve({ port: Number(process.env.PORT ?? 8080) });
  console.log(`CoRSAI is at ${address} (Ctrl+C ends it)`);
}
