// Scripts and style sheets against the oldest browser of package.json (`browserslist`).
//
//   node tools/compat/check.mjs                      ours, the scripts inside templates, and the copied libraries
//   node tools/compat/check.mjs app/static/js/x.js   what comes in by stdin, judged as if it were that file
//
// Prints a line for each complaint; exit code 1 when there is one.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import stylelint from "stylelint";
import { OLDEST, ROOT } from "./limits.mjs";
import styles from "./stylelint.config.mjs";

// libraries whose late parts we do not use
const SPARED = { "app/static/vendor/tom-select": /"color-mix"/ }; // its plugin "dropdown_header"

const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: fileURLToPath(new URL("eslint.config.mjs", import.meta.url)) });
const INLINE = /<script(?<attributes>[^>]*)>(?<text>[^]*?)<\/script>/g;

/** Paths under `folder` with that ending, as the repository writes them. */
function files(folder, ending) {
  const all = readdirSync(`${ROOT}${folder}`, { recursive: true }).map((path) => `${folder}/${path.replaceAll("\\", "/")}`);
  return all.filter((path) => path.endsWith(ending)).sort();
}

const read = (path) => readFileSync(ROOT + path, "utf8");
const line = (path, { line: at, message }) => `${path}:${at}: ${message}`;

async function script(path, text, as = path) {
  const [result] = await eslint.lintText(text, { filePath: ROOT + as, warnIgnored: true });
  return result.messages.map((complaint) => line(path, complaint));
}

async function sheet(path, text) {
  const { results } = await stylelint.lint({ code: text, config: styles, configBasedir: ROOT, quietDeprecationWarnings: true });
  const spared = Object.entries(SPARED).find(([start]) => path.startsWith(start))?.[1];
  const warnings = results[0].warnings.filter((warning) => !spared?.test(warning.text));
  return warnings.map(({ line: at, text: message }) => line(path, { line: at, message }));
}

/** The scripts of a template; what the template puts in stands there as a name. */
async function template(path, text) {
  const found = [];
  for (const { groups, index } of text.matchAll(INLINE)) {
    if (/\btype="(application\/json|importmap)"/.test(groups.attributes) || !groups.text.trim()) continue;
    const above = "\n".repeat(text.slice(0, index).split("\n").length - 1);
    const plain = groups.text.replace(/\{\{[^]*?\}\}/g, "filled").replace(/\{%[^]*?%\}/g, "");
    found.push(...(await script(path, above + plain, "app/static/js/inline.js")));
  }
  return found;
}

const JUDGES = { ".js": script, ".css": sheet, ".html": template };
const judge = (path, text) => JUDGES[path.slice(path.lastIndexOf("."))](path, text);

async function everything() {
  const paths = [...files("app/static", ".js"), ...files("app/static", ".css"), ...files("app/templates", ".html")];
  const found = [];
  for (const path of paths) found.push(...(await judge(path, read(path))));
  if (!found.length) console.log(`${paths.length} files run in Chromium ${OLDEST}.`);
  return found;
}

const [asked] = process.argv.slice(2);
const complaints = asked ? await judge(asked, readFileSync(0, "utf8")) : await everything();
if (complaints.length) {
  console.log(complaints.join("\n"));
  console.log(`Not for Chromium ${OLDEST}, the oldest browser we serve ("browserslist" in package.json): write it another way.`);
}
process.exitCode = complaints.length ? 1 : 0;
