// The page of a plan: running totals of each new area, assigning all homes that are shown at once, filtering by a word.
const form = document.querySelector("form[data-plan]");
if (form) {
  const rows = [...form.querySelectorAll("[data-ground]")];
  const rest = form.dataset.rest ?? "";

  const chosen = (row) => row.querySelector("select")?.value ?? "";

  const count = () => {
    const totals = new Map();
    for (const row of rows) {
      // a home named by itself does not count with its building
      const own = chosen(row);
      const group = row.dataset.group ? form.querySelector(`[data-whole="${row.dataset.group}"] select`)?.value : "";
      const key = own || group || rest;
      const total = totals.get(key) ?? { homes: 0, households: 0 };
      total.homes += 1;
      total.households += Number(row.dataset.households);
      totals.set(key, total);
    }
    for (const output of form.querySelectorAll("output[data-piece-total]")) {
      const total = totals.get(output.dataset.pieceTotal) ?? { homes: 0, households: 0 };
      output.textContent = output.dataset.words.replace("{homes}", total.homes).replace("{households}", total.households);
      const low = Number(output.dataset.low), high = Number(output.dataset.high);
      const outside = (low && total.households < low) || (high && total.households > high);
      output.classList.toggle("text-danger", Boolean(outside));
    }
  };

  const word = form.querySelector("[data-ground-filter]");
  const shown = (row) => row.offsetParent !== null && !row.hidden;
  word?.addEventListener("input", () => {
    const wanted = word.value.trim();
    for (const row of form.querySelectorAll("[data-whole], [data-ground]")) {
      row.hidden = Boolean(wanted) && !row.dataset.title.includes(wanted);
    }
    for (const whole of form.querySelectorAll("[data-whole]")) {
      const inside = whole.querySelector("[data-ground]:not([hidden])");
      if (inside) whole.hidden = false;
    }
  });

  form.querySelector("[data-assign]")?.addEventListener("click", () => {
    const target = form.querySelector("[data-assign-to]").value;
    for (const row of form.querySelectorAll("[data-whole], [data-ground]")) {
      const select = row.querySelector(":scope > td > select, :scope > select");
      if (select && shown(row)) select.value = target;
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
  });

  form.addEventListener("change", count);
  count();
}
