// Style sheets against the oldest browser of package.json. Nothing of style: only what that browser cannot show.
import { BROWSERS, LATE_CSS, OLDEST } from "./limits.mjs";

// what these do is decoration, and a page is whole without it
const HARMLESS = ["scrollbar-color", "scrollbar-width"];

const late = (what) => ({ message: (name) => `${what} "${name}" came after Chromium ${OLDEST}, the oldest we serve` });

export default {
  plugins: ["stylelint-no-unsupported-browser-features"],
  rules: {
    // what a browser has in part (sticky, columns) works in the plain form that we use
    "plugin/no-unsupported-browser-features": [true, { browsers: [BROWSERS].flat(), ignorePartialSupport: true }],
    "property-disallowed-list": [LATE_CSS.properties.filter((name) => !HARMLESS.includes(name)), late("The property")],
    "selector-pseudo-class-disallowed-list": [LATE_CSS.pseudos, late("The selector")],
    "selector-pseudo-element-disallowed-list": [LATE_CSS.pseudos, late("The selector")],
    "at-rule-disallowed-list": [LATE_CSS.atRules, late("The rule")],
    "function-disallowed-list": [LATE_CSS.functions, late("The function")],
  },
};
