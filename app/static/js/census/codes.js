// A field for a code: typed by code (“02”), by the first letters of the word (“hz”) or by the word itself.
const list = document.createElement("ul");
list.className = "gc-list";
list.id = "gc-list";
list.setAttribute("role", "listbox");
list.hidden = true;

let owner = null; // the field whose list is open
let shown = [];
let active = -1;

function rank([code, label, letters], text) {
  if (code.toLowerCase() === text) return 0;
  if (code.toLowerCase().startsWith(text)) return 1;
  if (letters === text) return 2;
  if (letters.startsWith(text)) return 3;
  if (label.startsWith(text)) return 4;
  return label.includes(text) || letters.includes(text) ? 5 : 9;
}

/** The rows of a list that fit what was typed, the best first; without text the common ones first. */
export function fitting(all, typed) {
  const rows = all.filter((row) => !row[4]); // codes that have ended only stand on records
  const text = typed.trim().toLowerCase();
  if (!text) return [...rows].sort((a, b) => (b[3] ? 1 : 0) - (a[3] ? 1 : 0));
  const ranked = rows.map((row, i) => [rank(row, text), row[3] ? 0 : 1, i, row]).filter(([r]) => r < 9);
  return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).map((r) => r[3]);
}

export function labelOf(rows, code) {
  return rows.find((row) => row[0] === code)?.[1] ?? code;
}

export class CodeField {
  /** ``offer``: a code that Enter takes over in an empty field. ``change(code)`` hears of every new value. */
  constructor(input, rows, { offer = "", change }) {
    Object.assign(this, { input, rows, offer, change, code: "" });
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    input.autocomplete = "off";
    if (offer) input.placeholder = labelOf(rows, offer);
    input.addEventListener("input", () => { this.typed = true; this.open(); });
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => this.open());
    input.addEventListener("blur", () => { this.settle(); if (owner === this) close(); });
    input.codeField = this;
  }

  set(code) {
    this.code = code ?? "";
    this.typed = false;
    this.input.value = this.code ? labelOf(this.rows, this.code) : "";
    this.input.title = this.code ? `${this.code} ${this.input.value}` : "";
  }

  open() {
    owner = this;
    shown = fitting(this.rows, this.typed ? this.input.value : "").slice(0, 60);
    active = this.typed && this.input.value.trim() ? 0 : shown.findIndex((row) => row[0] === this.code);
    draw();
  }

  /** Enter: take what is marked, or the offer in an empty field. False when what was typed fits nothing. */
  enter() {
    const text = this.input.value.trim();
    if (owner === this && active >= 0 && shown[active]) this.pick(shown[active][0]);
    else if (!text && this.offer && !this.code) this.pick(this.offer);
    else this.settle();
    close();
    return !text || this.code === "" || this.rows.some((row) => row[0] === this.code);
  }

  pick(code) {
    this.set(code);
    this.change(code);
  }

  /** Leaving the field: the best fit of what was typed; what fits nothing stays as typed and is refused on saving. */
  settle() {
    if (!this.typed) return;
    const text = this.input.value.trim();
    const best = text ? fitting(this.rows, text)[0] : null;
    if (best) this.pick(best[0]);
    else {
      this.typed = false;
      this.code = text;
      this.change(text);
    }
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (owner !== this || list.hidden) {
        if (!event.altKey) return false;
        this.open();
        return true;
      }
      active = Math.max(0, Math.min(shown.length - 1, active + (event.key === "ArrowDown" ? 1 : -1)));
      draw();
      return true;
    }
    if (event.key === "Escape" && owner === this && !list.hidden) {
      close();
      this.set(this.code);
      return true;
    }
    return false;
  }
}

function draw() {
  if (!list.isConnected) document.body.append(list);
  const { input } = owner;
  list.replaceChildren(...shown.map(([code, label], i) => {
    const option = document.createElement("li");
    option.id = `gc-option-${i}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(i === active));
    const mark = document.createElement("b");
    mark.textContent = code;
    option.append(mark, ` ${label}`);
    option.addEventListener("mousedown", (event) => { event.preventDefault(); owner.pick(code); close(); });
    return option;
  }));
  list.setAttribute("aria-label", input.getAttribute("aria-label") ?? "");
  list.hidden = shown.length === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
  place(input);
  const marked = list.children[active];
  if (marked) {
    input.setAttribute("aria-activedescendant", marked.id);
    marked.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function place(input) {
  const box = input.getBoundingClientRect();
  const below = window.innerHeight - box.bottom > 220 || box.top < 220;
  list.style.setProperty("--gc-x", `${Math.min(box.left, window.innerWidth - 260)}px`);
  list.style.setProperty("--gc-y", below ? `${box.bottom}px` : "auto");
  list.style.setProperty("--gc-b", below ? "auto" : `${window.innerHeight - box.top}px`);
}

export function close() {
  if (owner) {
    owner.input.setAttribute("aria-expanded", "false");
    owner.input.removeAttribute("aria-activedescendant");
  }
  owner = null;
  list.hidden = true;
}

window.addEventListener("scroll", (event) => { if (owner && event.target !== list) place(owner.input); }, true);
