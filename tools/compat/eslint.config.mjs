// Scripts against the oldest browser of package.json. Nothing of style: only what that browser cannot run.
import compat from "eslint-plugin-compat";
import esx from "eslint-plugin-es-x";
import { BROWSERS, LATE_MEMBERS, LATE_METHODS, OLDEST } from "./limits.mjs";

/** Members of unknown objects, such as `box.showPopover` or `list.at(-1)`: no lint of global names sees them. */
const members = {
  create(context) {
    return {
      MemberExpression(node) {
        const { property, computed, parent } = node;
        const called = parent.type === "CallExpression" && parent.callee === node;
        const from = LATE_MEMBERS.get(property.name) ?? (called ? LATE_METHODS.get(property.name) : undefined);
        // `box.showPopover?.()` asks first
        if (computed || from === undefined || (called && parent.optional)) return;
        const said = Number.isFinite(from) ? `came with Chromium ${from}` : "is in no Chromium";
        context.report({ node: property, message: `"${property.name}" ${said}` });
      },
    };
  },
};

// Chromium 90 has all of ES2021 and of ES2022 the members of classes; methods of built-in objects are found by `members`
const HAS = /no-class-(instance|static)-fields|no-class-private-(fields|methods)|-prototype-/;
const { rules: language } = esx.configs["flat/restrict-to-es2021"];
const { rules: local } = esx.configs["flat/restrict-to-es2021-intl-api"];
const rules = Object.fromEntries(Object.entries({ ...language, ...local }).filter(([name]) => !HAS.test(name)));

export default [
  {
    plugins: { compat, "es-x": esx, geban: { rules: { members } } },
    linterOptions: { noInlineConfig: true },
    languageOptions: {
      ecmaVersion: 2024,
      globals: Object.fromEntries(["window", "document", "navigator", "crypto", "self"].map((name) => [name, false])),
    },
    rules,
  },
  {
    // a library may look for a new API before it uses it, so of a library only the language counts
    ignores: ["app/static/vendor/**"],
    settings: { browsers: [BROWSERS].flat() },
    languageOptions: { sourceType: "module" },
    rules: { "compat/compat": "error", "geban/members": "error" },
  },
  { files: ["app/static/vendor/**"], languageOptions: { sourceType: "script" } },
];
