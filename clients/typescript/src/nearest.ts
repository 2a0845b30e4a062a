/** Suggestions for names that aren't. */

/** Words for the end of a sentence: which of the names may have been meant, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const wanted = folded(name);
  let best = "";
  let distance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const found = editDistance(wanted, folded(candidate), distance);
    if (found < distance) [best, distance] = [candidate, found];
  }
  return best === "" ? "" : ` (did you mean ${best}?)`;
}

function folded(name: string): string {
  return name.slice(0, 64).toLowerCase().replaceAll(/[_-]/g, "");
}

/** Counts the letters to insert, delete, change or swap with their neighbour; what reaches the bound isn't counted further. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j]!) + 1, (row[j - 1]!) + 1, (last[j - 1]!) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2]!) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
