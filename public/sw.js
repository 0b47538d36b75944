// Keeps a copy of the page for use without a network, and blocks every other request. The build
// writes the page's files and their hashes into FILES, so that a new build is another script, by
// which a browser detects an update.

const BUILD = "";
const FILES = [];
const OURS = "corsai-page-";
const NAME = OURS + BUILD;

const at = (path) => new URL(path, self.registration.scope).href;
const kept = new Map(FILES.map(([path, integrity]) => [at(path), integrity]));

// All or nothing: an incomplete cache is not used.
async function install() {
  const cache = await caches.open(NAME);
  try {
    for (const [url, integrity] of kept) {
      if (await cache.match(url)) continue;
      // Files with a hash in their name may come from the browser's own cache; the others come from
      // the host.
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

// Deletes other versions' files. Each tab holds a lock with its version's name: a version's files
// stay while a tab runs it, and all stay during an installation. Returns whether no other version
// runs.
async function forgetOthers() {
  const { installing, waiting } = self.registration;
  const { held } = await navigator.locks.query();
  const running = held.map(({ name }) => name).filter((name) => name.startsWith(OURS) && name !== NAME);
  const others = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME && !running.includes(name));
  if (!installing && !waiting) await Promise.all(others.map((name) => caches.delete(name)));
  return running.length === 0;
}

// Returns a file of the page: from the cache, else from the host after a check of its hash.
async function answer(url) {
  const cached = await caches.match(url, { cacheName: NAME });
  return cached ?? fetched(url, { integrity: kept.get(url) });
}

// Returns a file of an older version that a tab still runs.
async function answerOlder(url) {
  for (const name of (await caches.keys()).filter((name) => name.startsWith(OURS))) {
    const cached = await caches.match(url, { cacheName: name });
    if (cached) return cached;
  }
  return Response.error();
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A new version is activated when a person asks for it in a tab without a study, or when no tab is
// left.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "which version") event.source.postMessage(NAME);
  if (event.data === "forget others") event.waitUntil(forgetOthers().then((alone) => alone && event.source.postMessage("alone")));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // The page's address may have parameters, such as ?device=cpu.
  const home = request.mode === "navigate" && url.origin + url.pathname === at("./");
  if (request.method === "GET" && (home || kept.has(request.url))) return event.respondWith(answer(home ? at("./") : request.url));
  // A navigation to another document of the host.
  if (request.mode === "navigate" && request.method === "GET") return undefined;
  // Weights: the page fetches, checks and stores them itself.
  if (request.method === "GET" && !url.search && request.url.startsWith(at("models/"))) return undefined;
  if (request.method === "GET" && !url.search && /\/(assets|worker)\//.test(url.pathname)) return event.respondWith(answerOlder(request.url));
  return event.respondWith(Response.error());
});
