// What the oldest browser of package.json lacks, read out of MDN's tables: names of script members, CSS properties,
// pseudo classes, at-rules and functions. They fill the gaps of the ready-made lints, which know only APIs reached from
// a global name (compat) and the CSS features that caniuse lists (doiuse).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import browserslist from "browserslist";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const tables = createRequire(import.meta.url)("@mdn/browser-compat-data");

// an old browser needs no fresh tables
process.env.BROWSERSLIST_IGNORE_OLD_DATA = process.env.BASELINE_BROWSER_MAPPING_IGNORE_OLD_DATA = "1";

/** The `browserslist` line of package.json, and the number of the oldest Chromium it lets in. */
export const BROWSERS = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")).browserslist;
export const OLDEST = Math.min(...browserslist(BROWSERS).map((name) => parseFloat(name.split(" ")[1])));

/** First Chromium that has a feature without a flag; Infinity: none, null: the tables do not say. */
function since(node) {
  const rows = [node?.__compat?.support?.chrome ?? []].flat().filter((row) => !row.flags);
  if (!rows.length) return null;
  return Math.min(...rows.map(({ version_added: from }) => parseFloat(String(from).replace("≤", "")) || Infinity));
}

/** A name that an older Chromium has with a prefix is not late: we write both. */
function lateOf(group) {
  const late = Object.entries(group).filter(([, node]) => since(node) > OLDEST && since(node) < Infinity);
  return late.map(([name]) => name);
}

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
// `element.style.maxHeight`: the tables name these only where they came late, as descriptors of at-rules
const STYLES = new Set(Object.keys(tables.css.properties).map(camel));

/** Name to first Chromium, over all owners in `group`: the oldest counts, for a lint does not see whose member it is. */
function firstOf(group, wanted) {
  const first = new Map();
  for (const owner of Object.values(group)) {
    for (const [key, node] of Object.entries(owner)) {
      const name = key.replace(/_static$/, "");
      if (STYLES.has(name)) continue;
      if (wanted.test(name) && since(node) !== null) first.set(name, Math.min(first.get(name) ?? Infinity, since(node)));
    }
  }
  return new Map([...first].filter(([, version]) => version > OLDEST));
}

const HUMPED = /^[a-z]+[A-Z]\w*$/;
const { Array: list, String: text, Set: set, Map: map, ...others } = tables.javascript.builtins;

/** `element.showPopover`, `promise.isError`: what the page's interfaces and the language's own objects gained later. */
export const LATE_MEMBERS = firstOf({ ...tables.api, list, text, set, map, ...others }, HUMPED);

/** `list.at(-1)`: methods of one word, of the commonest objects only; a `draw`, `use` or `take` may well be ours. */
export const LATE_METHODS = firstOf({ list, text, set, map }, /^[a-z]+$/);

export const LATE_CSS = {
  properties: lateOf(tables.css.properties),
  pseudos: lateOf(tables.css.selectors),
  atRules: lateOf(tables.css["at-rules"]),
  functions: [...lateOf(tables.css.types), ...lateOf(tables.css.types.color)],
};
