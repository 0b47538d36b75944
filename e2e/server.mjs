// A static server for dist/ as a real host has to be: headers.mjs' headers, GET and HEAD only,
// ranges, files compressed beforehand, 404 for what isn't there. `./dev serve` starts it, and the
// tests start one each.

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { METHODS, headersFor } from "../host/headers.mjs";

export const DIST = fileURLToPath(new URL("../dist", import.meta.url));

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

// Serves `root` on a local address, under a path that ends in a slash. `seen` hears of every
// request. `answer` may give another answer ({ status, headers, body } or nothing) for a path below
// `under`: so tests play a host that fails. Resolves to the server and its address, which ends in a
// slash.
export async function serve({ root = DIST, port = 0, under = "/", seen = () => {}, answer = () => null } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    seen({ method: request.method, url: request.url, path: pathname, query: search, headers: request.headers });
    const end = (status, headers, body) => {
      response.writeHead(status, { ...headersFor(pathname, status), ...headers });
      if (request.method === "HEAD" || body === undefined) response.end();
      else if (typeof body.pipe === "function") body.on("error", () => response.destroy()).pipe(response);
      else response.end(body);
    };
    if (!METHODS.includes(request.method)) return end(405, { Allow: METHODS.join(", ") });
    const inside = pathname.startsWith(under) ? pathname.slice(under.length) : null;
    const other = inside === null ? null : await answer(inside, request, response);
    if (response.writableEnded || response.destroyed) return undefined;
    if (other) return end(other.status ?? 200, { "Content-Type": type(inside), ...other.headers }, other.body);
    const file = inside === null ? null : await found(root, inside);
    if (!file) return end(404, { "Content-Type": TYPES[".html"] }, await readFile(path.join(root, "404.html")).catch(() => "Not found"));
    return send(end, file, request.headers);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}${under}` };
}

const type = (name) => TYPES[path.extname(name) || ".html"] ?? "application/octet-stream";

async function send(end, { full, bytes }, { range, "accept-encoding": encodings = "" }) {
  const headers = { "Content-Type": type(full), "Accept-Ranges": "bytes", Vary: "Accept-Encoding" };
  const [, first, last] = range?.match(/^bytes=(\d+)-(\d*)$/) ?? [];
  if (first !== undefined) {
    const [start, stop] = [Number(first), last ? Math.min(Number(last), bytes - 1) : bytes - 1];
    if (start > stop) return end(416, { "Content-Range": `bytes */${bytes}` });
    const part = { "Content-Range": `bytes ${start}-${stop}/${bytes}`, "Content-Length": stop - start + 1 };
    return end(206, { ...headers, ...part }, createReadStream(full, { start, end: stop }));
  }
  for (const [encoding, ending] of [["br", ".br"], ["gzip", ".gz"]]) {
    const packed = encodings.includes(encoding) && (await stat(full + ending).catch(() => null));
    if (packed) {
      const told = { "Content-Encoding": encoding, "Content-Length": packed.size };
      return end(200, { ...headers, ...told }, createReadStream(full + ending));
    }
  }
  return end(200, { ...headers, "Content-Length": bytes }, createReadStream(full));
}

// The file that a path below the page's folder names: inside `root`, not hidden.
async function found(root, inside) {
  let name;
  try {
    name = decodeURIComponent(inside);
  } catch {
    return null;
  }
  if (name === "" || name.endsWith("/")) name += "index.html";
  const full = path.join(root, name);
  if (!full.startsWith(root + path.sep) || path.basename(full).startsWith(".") || full.includes("\0")) return null;
  const facts = await stat(full).catch(() => null);
  return facts?.isFile() ? { full, bytes: facts.size } : null;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { address } = await serve({ port: Number(process.env.PORT ?? 8080) });
  console.log(`CoRSAI is at ${address} (Ctrl+C ends it)`);
}
