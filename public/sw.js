// Keeps the page for use without a network, and lets nothing else through. The build writes the list of the page's files
// and their hashes into FILES, so that a new build is another script, which is how a browser knows an update.

const BUILD = "";
const FILES = [];
const OURS = "corsai-page-";
const NAME = OURS + BUILD;

const at = (path) => new URL(path, self.registration.scope).href;
const kept = new Map(FILES.map(([path, integrity]) => [at(path), integrity]));

// All or nothing: a cache that is not complete is not used.
async function install() {
  const cache = await caches.open(NAME);
  try {
    for (const [url, integrity] of kept) {
      if (await cache.match(url)) continue;
      // What bears a hash in its name may come from the browser's own cache; of the others the host is asked.
      const ask = /\/(assets|worker)\//.test(url) ? "default" : "no-cache";
      await cache.put(url, await fetched(url, { integrity, cache: ask }));
    }
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
}

async function fetched(url, options) {
  const response = await fetch(url, { credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", ...options });
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

// A file of the page: from the cache, else from the host and then checked.
async function answer(url) {
  const cached = await caches.match(url, { cacheName: NAME });
  return cached ?? fetched(url, { integrity: kept.get(url) });
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

// A new version takes over when the page says that no study is open, or when no page is left.
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // The page's address may bear wishes, such as ?device=cpu.
  const home = request.mode === "navigate" && url.origin + url.pathname === at("./");
  if (request.method === "GET" && (home || kept.has(request.url))) return event.respondWith(answer(home ? at("./") : request.url));
  // A person goes to another document of the host.
  if (request.mode === "navigate" && request.method === "GET") return undefined;
  // Weights: the page fetches, checks and keeps them itself.
  if (request.method === "GET" && !url.search && request.url.startsWith(at("models/"))) return undefined;
  return event.respondWith(Response.error());
});
