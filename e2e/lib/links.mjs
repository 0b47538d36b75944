// Checks the documents: every relative link leads to a file of the repository, every `#section` to
// a heading; every path and every NAME_OF_A_CONSTANT in backquotes is there. Prints what isn't, and
// then exits with 1.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

// Folders whose paths are given from the root of the repository, also in documents further down.
const FOLDERS = /^(app|docs|e2e|host|inference|models|public|tests)\/[^*{}<>… ]*\.[a-z]+$/;

const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" });
const files = listed.split("\0").filter((name) => existsSync(name));
const code = files.filter((name) => /\.(rs|toml|mjs|py)$|^dev$/.test(name)).map((name) => readFileSync(name, "utf8")).join("\n");
const known = new Set(files.flatMap((name) => [name, ...parents(name)]));

function parents(name) {
  const folder = path.posix.dirname(name);
  return folder === "." ? [""] : [folder, ...parents(folder)];
}

// GitHub's anchors: lower case, without punctuation, hyphens for spaces.
const anchors = (text) =>
  [...text.matchAll(/^#+ +(.*)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));

const problems = files.filter((name) => name.endsWith(".md")).flatMap((name) => {
  const text = readFileSync(name, "utf8").replace(/^```.*?^```/gms, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/\bsrc="([^"]+)"/g)].map(([, target]) => target);
  const broken = links.filter((target) => {
    if (/^(https?|mailto):/.test(target)) return false;
    const [file, section] = target.split("#");
    const at = file === "" ? name : path.posix.join(path.posix.dirname(name), file).replace(/\/$/, "").replace(/^\.$/, "");
    return !known.has(at) || (section && !anchors(readFileSync(at, "utf8")).includes(section));
  });
  const words = [...text.matchAll(/`([^`\s]+)`/g)].map(([, word]) => word);
  const there = (word) => known.has(word) || known.has(path.posix.join(path.posix.dirname(name), word));
  const stale = words.filter((word) => (FOLDERS.test(word) && !there(word)) || (/^[A-Z]+_[A-Z_]+$/.test(word) && !code.includes(word)));
  return [...broken, ...stale].map((target) => `${name}: ${target} is not there`);
});
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
}
