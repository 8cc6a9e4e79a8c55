// Remote selects (tom-select): what is typed goes by POST, so that no name stands in an address or a log.
import { post, words } from "geban/app";

const shared = {
  maxOptions: null,
  refreshThrottle: 0,
  hidePlaceholder: true,
  selectOnTab: true,
  openOnFocus: true,
  render: {
    no_results: () => `<div class="no-results" role="option" aria-disabled="true">${words.none}</div>`,
    loading: () => `<div class="no-results" role="option" aria-disabled="true">${words.loading}</div>`,
    not_loading: () => "",
  },
};

/** The hidden select keeps its name: tom-select takes the label away for its own input. */
function named(element) {
  const label = element.labels?.[0]?.firstChild?.textContent;
  if (label && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", label.trim());
}

export function remote(element) {
  if (element.tomselect) return element.tomselect;
  named(element);
  const pages = new Map();
  return new TomSelect(element, {
    ...shared,
    valueField: "id",
    labelField: "text",
    searchField: [],
    sortField: [{ field: "$order" }],
    placeholder: words.choose,
    plugins: ["virtual_scroll", ...(element.multiple ? ["remove_button"] : ["clear_button"])],
    preload: "focus",
    shouldLoad: () => true,
    // while an answer is on its way there is nothing to choose: Enter must not take a row of the last answer
    onType() { this.clearOptions(); this.clearActiveOption(); pages.delete(element); },
    firstUrl: (query) => JSON.stringify([query, 0]),
    load(query, done) {
      const [, page] = JSON.parse(this.getUrl(query));
      const body = new URLSearchParams({ q: query, page });
      for (const [name, id] of Object.entries(JSON.parse(element.dataset.with ?? "{}"))) {
        body.set(name, document.getElementById(id)?.value ?? "");
      }
      post(element.dataset.remote, body).then(({ ok, data }) => {
        if (!ok) return done();
        if (data.more) this.setNextUrl(query, JSON.stringify([query, page + 1]));
        if (page === 0 && pages.get(element) !== query) { this.clearOptions(); pages.set(element, query); }
        done(data.results);
      });
    },
    score: () => () => 1,
    render: { ...shared.render, loading_more: () => `<div class="no-results" role="option" aria-disabled="true">${words.loading}</div>`, no_more_results: () => "" },
  });
}

export function plain(element) {
  if (element.tomselect) return element.tomselect;
  named(element);
  return new TomSelect(element, { ...shared, allowEmptyOption: true, plugins: element.multiple ? ["remove_button"] : [] });
}

export function start(root = document) {
  root.querySelectorAll("select[data-remote]").forEach(remote);
  root.querySelectorAll("select[data-plain]").forEach(plain);
}
start();
