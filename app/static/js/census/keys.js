// Everything by keyboard: Enter leads on, Ctrl+Enter saves, arrows go from row to row.
import { last } from "./model.js";

export function listen(desk, save) {
  const { root } = desk;

  /** The row to which a field, its further fields or its notes belong. */
  function rowOf(node) {
    let line = node?.closest?.("tr");
    while (line && !line.dataset.ref) line = line.previousElementSibling;
    return line ? desk.rows.get(line.dataset.ref) : undefined;
  }

  function forward(row, key) {
    const order = row.order();
    const next = order[order.indexOf(key) + 1];
    if (next) { desk.focus(row, next); return; }
    const { household, member } = row;
    const below = household.members[household.members.indexOf(member) + 1];
    if (below) { desk.focusMember(below); desk.talk.keep(); } else desk.addMember(household);
  }

  function back(row, key) {
    const order = row.order();
    const before = order[order.indexOf(key) - 1];
    if (before) { desk.focus(row, before); return; }
    const above = desk.rows.get(row.household.members[row.household.members.indexOf(row.member) - 1]?.ref);
    if (above) desk.focus(above, last(above.order()));
  }

  function upOrDown(row, key, step) {
    const all = desk.members;
    const target = desk.rows.get(all[all.indexOf(row.member) + step]?.ref);
    if (target) desk.focus(target, target.inputs[key] ? key : "name");
  }

  function enter(event, input, row) {
    const { reason } = event.target.dataset;
    if (reason) {
      event.preventDefault();
      event.target.blur();
      desk.focus(row, reason === "number_reason" ? "number" : "name");
      return;
    }
    if (!input || !row) return;
    event.preventDefault();
    const { key } = input.dataset;
    if (event.shiftKey) { back(row, key); return; }
    if (input.codeField && !input.codeField.enter()) return;
    if (!input.codeField) row.tidy(key);
    forward(row, key);
  }

  root.addEventListener("keydown", (event) => {
    // an input method uses Enter and the arrows itself while a word is being chosen
    if (event.isComposing || event.keyCode === 229) return;
    const input = event.target.closest("input[data-key]");
    const row = rowOf(event.target);
    if (input?.codeField?.key(event)) { event.preventDefault(); return; }
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey) enter(event, input, row);
    else if (row && input && (event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
      event.preventDefault();
      upOrDown(row, input.dataset.key, event.key === "ArrowDown" ? 1 : -1);
    } else if (row && event.key === "Delete" && event.ctrlKey) { event.preventDefault(); desk.takeOut(row); }
  });

  function showMore(row) {
    if (!row || row.linked) return;
    row.toggleMore();
    desk.focus(row, row.member.open ? "doc_kind" : "name");
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const row = rowOf(document.activeElement);
    const run = {
      F2: () => showMore(row),
      F4: () => root.querySelector("[data-particulars] a")?.focus(),
      F8: () => desk.addHousehold(),
      F9: () => desk.copyRegistered(row?.household ?? desk.households[0]),
    }[event.key];
    if (run && !event.ctrlKey && !event.altKey && !event.shiftKey) { event.preventDefault(); run(); return; }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      document.activeElement.codeField?.enter();
      save(event.shiftKey);
    } else if (event.altKey && ["u", "k", "m"].includes(event.key.toLowerCase())) {
      const wanted = `[data-key="Alt+${event.key.toUpperCase()}"]`;
      const button = row?.notes.querySelector(wanted) ?? root.querySelector(wanted);
      if (button) { event.preventDefault(); button.click(); }
    }
  });

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    const row = button && rowOf(button);
    if (!row) return;
    if (button.dataset.do === "more") showMore(row);
    else desk.takeOut(row);
  });
}
