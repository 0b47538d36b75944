// The sentences of issues, from the table that the page is made of: what happened, and what to do.

import { readFileSync } from "node:fs";

const table = readFileSync(new URL("../../inference/language/languages/en/issues.ftl", import.meta.url), "utf8");

// Returns both parts of the sentence of a code such as "series.split".
export function sentences(code) {
  const found = table.match(new RegExp(`^issue-${code.replaceAll(".", "-")} = (.+)\n    \\.to-do = (.+)$`, "m"));
  if (!found) throw new Error(`no sentence for ${code}`);
  return { what: found[1], advice: found[2] };
}
