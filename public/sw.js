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

// Each tab holds a lock with its version's name: other versions' files are kept for as long as a
// tab runs them, and while one is being installed. Says whether no other version runs.
async function forgetOthers() {
  const { installing, waiting } = self.registration;
  const { held } = await navigator.locks.query();
  const running = held.map(({ name }) => name).filter((name) => name.startsWith(OURS) && name !== NAME);
  const others = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME && !running.includes(name));
  if (!installing && !waiting) await Promise.all(others.map((name) => caches.delete(name)));
  return running.length === 0;
}

// A file of the page: from the cache, else from the host and then checked.
async function answer(url) {
  const cached = await caches.match(url, { cacheName: NAME });
  return cached ?? fetched(url, { integrity: kept.get(url) });
}

// A file of an older version, whose tab goes on with it.
async function answerOlder(url) {
  for (const name of (await caches.keys()).filter((name) => name.startsWith(OURS))) {
    const cached = await caches.match(url, { cacheName: name });
    if (cached) return cached;
  }
  return Response.error();
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A new version takes over when a person says so in a tab without a study, or when no tab is left.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "which version") event.source.postMessage(NAME);
  if (event.data === "forget others") event.waitUntil(forgetOthers().then((alone) => alone && event.source.postMessage("alone")));
});

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
  if (request.method === "GET" && !url.search && /\/(assets|worker)\//.test(url.pathname)) return event.respondWith(answerOlder(request.url));
  return event.respondWith(Response.error());
});
