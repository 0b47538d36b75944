// Hosts that fail, and browsers that lack something or break: all of it done from outside, to what
// is shipped.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

import { DIST } from "../server.mjs";

export const bytesOf = (name) => readFileSync(path.join(DIST, name));

// A host that gives these answers for a part of the weights, one a request, and then the true ones.
export function failing(pattern, ...answers) {
  const waiting = [...answers];
  return { answer: (name, request, response) => (pattern.test(name) && waiting.length > 0 ? waiting.shift()(name, request, response) : null) };
}

export const always = (pattern, answer) => ({ answer: (name, ...rest) => (pattern.test(name) ? answer(name, ...rest) : null) });

export const status = (code) => () => ({ status: code, headers: { "Content-Type": "text/plain" }, body: "no" });
export const page = () => ({ headers: { "Content-Type": "text/html; charset=utf-8" }, body: bytesOf("index.html") });
export const corrupt = (name) => {
  const bytes = Buffer.from(bytesOf(name));
  bytes[bytes.length >> 1] ^= 1;
  return { body: bytes };
};
export const shorter = (name) => ({ body: bytesOf(name).subarray(0, -7) });
// Half of it, then the connection is gone.
export const cutOff = (name, request, response) => {
  const bytes = bytesOf(name);
  response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": bytes.length });
  return new Promise((resolve) => response.write(bytes.subarray(0, bytes.length >> 1), () => setTimeout(() => (response.destroy(), resolve(null)), 300)));
};

// The connection is gone before there is an answer; an answer that never comes.
export const dropped = (name, request, response) => (response.destroy(), null);
export const silent = () => new Promise(() => {});

// A host whose worker scripts begin with this code, which then runs in the computing part and its
// compute workers. The page would not start scripts of another hash than the one in its markup:
// this host gives the markup that belongs to them.
export function inWorker(code) {
  const changed = (name) => Buffer.concat([Buffer.from(`(${code})();\n`), bytesOf(name)]);
  const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  const markup = bytesOf("index.html").toString();
  const scripts = [...markup.matchAll(/data-[\w-]*worker="\.\/([^"]+)"/g)].map(([, name]) => name);
  const fitting = scripts.reduce((text, name) => text.replaceAll(integrity(bytesOf(name)), integrity(changed(name))), markup);
  return { answer: (name) => (name === "" ? { body: fitting } : scripts.includes(name) ? { body: changed(name) } : null) };
}

// The same, with compute workers that hang over a job's message for which `when` holds, given the
// job's number. To the computing part itself time passes `times` as fast as it does, and it counts
// the compute workers that it starts and ends.
export const hanging = (when, times = 1) =>
  inWorker(`() => {
    if (self.name === "corsai-compute-worker") {
      addEventListener("message", ({ data }) => {
        const [, job] = (Array.isArray(data) && /^{"Run":{"ticket":(\\d+)/.exec(data[0])) || [];
        if (job && (${when})(Number(job))) for (;;);
      });
      return;
    }
    const now = Performance.prototype.now;
    Performance.prototype.now = function () { return now.call(this) * ${times}; };
    self.computeWorkers = { started: 0, ended: 0 };
    self.Worker = class extends Worker {
      constructor(...args) { super(...args); self.computeWorkers.started += 1; }
      terminate() { super.terminate(); self.computeWorkers.ended += 1; }
    };
  }`);

// Matches the worker's message that the first part of a stage is done.
export const reached = (stage, slot = "current") => new RegExp(`"slot":"${slot}","progress":{"stage":"${stage}","done":[1-9]`);

// A host whose worker halts after the first message to the page that matches: it computes nothing
// further until `self.goOn` is called, and still takes the page's messages. `self.halt` names the
// next message to halt after. So a test can look at a stage on a machine of any speed.
export const halting = (message) =>
  inWorker(`() => {
    if (self.name === "corsai-compute-worker") return;
    let sought = null;
    // What is held back during a halt: jobs for compute workers, and the worker's own next turns.
    let waiting = null;
    let last = 0;
    const later = (then) => (waiting.set((last -= 1), then), last);
    self.halt = (message) => {
      self.halted = new Promise((done) => (sought = { message, done }));
    };
    if (${message}) self.halt(${message});
    self.goOn = () => {
      const all = waiting ?? new Map();
      waiting = null;
      for (const then of all.values()) then();
    };
    const tell = self.postMessage;
    self.postMessage = function (data, ...args) {
      tell.call(self, data, ...args);
      if (!Array.isArray(data) || !sought?.message.test(data[0])) return;
      waiting ??= new Map();
      sought.done();
      sought = null;
    };
    const [wait, clear] = [self.setTimeout, self.clearTimeout];
    self.setTimeout = (then, ms, ...args) => (waiting && ms === 0 ? later(() => then(...args)) : wait(then, ms, ...args));
    self.clearTimeout = (id) => waiting?.delete(id) || clear(id);
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (data, ...args) {
      if (waiting && Array.isArray(data) && data[0].startsWith('{"Run":')) later(() => post.call(this, data, ...args));
      else post.call(this, data, ...args);
    };
  }`);

// The same, with one job's message to a compute worker that is not what the compute worker expects.
export const garbled = (job) =>
  inWorker(`() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (data, ...args) {
      if (Array.isArray(data) && data[0].startsWith('{"Run":{"ticket":${job},')) data[0] = '{"Walk":{}}';
      return post.call(this, data, ...args);
    };
  }`);

// The same, with almost no memory left to the wasm of one kind of worker once it is sent a message
// like this one.
export const exhausted = (computeWorker, message) =>
  inWorker(`() => {
    if ((self.name === "corsai-compute-worker") !== ${computeWorker}) return;
    let memory;
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = async (...args) => {
      const instance = await instantiate.apply(WebAssembly, args);
      memory = instance.exports.memory;
      return instance;
    };
    addEventListener("message", ({ data }) => {
      if (!Array.isArray(data) || !${message}.test(data[0])) return;
      for (let pages = 65536; pages >= 1; pages /= 2) {
        try {
          while (true) memory.grow(pages);
        } catch {}
      }
    });
  }`);
