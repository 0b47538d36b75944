// Rows of the benchmark, and tables of them for people.

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rounded = (value) => Number(value.toPrecision(3));

// `what` of `name`, ours and a peer's. A `ratio` above 1 means that ours is better. For time, size
// and memory it is the peer's over ours. Where `more` is better, as for pace, it is ours over the
// peer's.
export function row([name, what], runs, ours, unit, peer = null, more = false) {
  const ratio = peer === null ? null : rounded(more ? ours / peer : peer / ours);
  return { name, what, runs, ours: rounded(ours), peer: peer === null ? null : rounded(peer), ratio, unit };
}

function aligned(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()).join("\n");
}

// One line a row.
export function long(rows) {
  const cells = rows.map((r) => [r.name, r.what, r.runs, `${r.ours} ${r.unit}`, r.peer === null ? "–" : `${r.peer} ${r.unit}`, r.ratio ?? "–"]);
  return aligned([["", "what", "runs", "ours", "peer", "ratio"], ...cells.map((line) => line.map(String))]);
}

// One line a name, one column a thing: ours / peer's (ratio).
export function wide(rows) {
  const names = [...new Set(rows.map(({ name }) => name))];
  const things = [...new Set(rows.map(({ what, unit }) => `${what}, ${unit}`))];
  const cell = (name, thing) => {
    const found = rows.find((row) => row.name === name && `${row.what}, ${row.unit}` === thing);
    if (!found) return "–";
    return found.peer === null ? `${found.ours}` : `${found.ours} / ${found.peer} (${found.ratio})`;
  };
  const runs = (name) => `${Math.max(...rows.filter((row) => row.name === name).map((row) => row.runs))}`;
  const lines = names.map((name) => [name, runs(name), ...things.map((thing) => cell(name, thing))]);
  return aligned([["ours / peer (ratio)", "runs", ...things], ...lines]);
}
