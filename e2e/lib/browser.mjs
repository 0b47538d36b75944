// Everything in which a page can leave something behind, read as text, for tests that look for what
// must not be there.

// Names and content of cookies, storages, databases, caches and files of the page's origin.
export async function storedText(page) {
  return page.evaluate(async () => {
    const found = [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    found.push(JSON.stringify(await indexedDB.databases()));
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const body = await (await cache.match(request)).arrayBuffer();
        found.push(`${name} ${request.url}`, new TextDecoder("latin1").decode(body));
      }
    }
    const walk = async (folder) => {
      for await (const [name, handle] of folder.entries()) {
        found.push(`file ${name}`);
        if (handle.kind === "directory") await walk(handle);
        else found.push(new TextDecoder("latin1").decode(await (await handle.getFile()).arrayBuffer()));
      }
    };
    await walk(await navigator.storage.getDirectory());
    return found.join("\n");
  });
}

// The same as a list of what there is, for tests that say what may be there.
export async function stored(page) {
  return page.evaluate(async () => {
    const cached = {};
    for (const name of await caches.keys()) {
      const keys = await (await caches.open(name)).keys();
      cached[name] = keys.map(({ url }) => url.slice(document.baseURI.replace(/[^/]*$/, "").length));
    }
    const files = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
    return {
      cached,
      files,
      cookies: document.cookie,
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      databases: (await indexedDB.databases()).map(({ name }) => name),
    };
  });
}
