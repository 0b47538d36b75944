// Real web servers on this machine, with the configurations that host/ ships, for a folder that
// holds dist/ at its root or in a folder below. A server that isn't installed gives a notice, with
// which its tests are skipped.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { caddy, nginx } from "../../host/configs.mjs";
import { DIST, serve } from "../server.mjs";

const program = (where) => where.find(existsSync) ?? null;
const NGINX = program(["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"]);
const CADDY = program(["/usr/bin/caddy", "/usr/local/bin/caddy"]);
const missing = (found, name) => (found ? false : `${name} isn't installed here`);

// Starts resolve to { address, close }.
export const HOSTS = {
  "the tests' server": {
    skip: false,
    brotli: true,
    async start(under) {
      const { server, address } = await serve({ under });
      return { address, close: () => (server.closeAllConnections(), server.close()) };
    },
  },
  nginx: {
    skip: missing(NGINX, "nginx"),
    start: (under) =>
      run(under, ({ folder, port, root }) => {
        const site = nginx({ port: `127.0.0.1:${port}`, root, under, log: path.join(folder, "access.log") });
        writeFileSync(path.join(folder, "site.conf"), site);
        const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        const around = [
          `pid ${folder}/pid;`,
          "daemon off;",
          `error_log ${folder}/error.log;`,
          "events {}",
          "http {",
          "include /etc/nginx/mime.types;",
          ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
          `include ${folder}/site.conf;`,
          "}",
        ];
        writeFileSync(path.join(folder, "nginx.conf"), around.join("\n"));
        return [NGINX, ["-e", `${folder}/error.log`, "-p", folder, "-c", `${folder}/nginx.conf`]];
      }),
  },
  Caddy: {
    skip: missing(CADDY, "Caddy"),
    brotli: true,
    start: (under) =>
      run(under, ({ folder, port, root }) => {
        writeFileSync(path.join(folder, "Caddyfile"), caddy({ site: `http://127.0.0.1:${port}`, root, under }));
        return [CADDY, ["run", "--adapter", "caddyfile", "--config", path.join(folder, "Caddyfile")]];
      }),
  },
};

async function run(under, prepare) {
  const folder = mkdtempSync(path.join(tmpdir(), "corsai-host-"));
  // An nginx that was started as root reads files as another user.
  execFileSync("chmod", ["755", folder]);
  const root = path.join(folder, "www");
  const place = path.join(root, under);
  mkdirSync(path.dirname(place.replace(/\/$/, "")), { recursive: true });
  symlinkSync(DIST, place.replace(/\/$/, ""));
  const port = await freePort();
  const [command, options] = prepare({ folder, port, root });
  let output = "";
  const server = spawn(command, options, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOME: folder } });
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (data) => (output += data));
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const address = `http://127.0.0.1:${port}${under}`;
  const until = Date.now() + 20_000;
  while (!(await fetch(address).then(({ ok }) => ok, () => false))) {
    if (server.exitCode !== null || Date.now() > until) throw new Error(`${command} doesn't answer: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const close = async () => {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, close };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
