// Proposed rounds: a building's box ticks all its doors, the button says how many are chosen.
const form = document.querySelector("form[data-send]");
const boxes = (place) => [...place.querySelectorAll('input[name="errands"]')];

function tell() {
  const ticked = boxes(form).filter((box) => box.checked).length;
  form.querySelector("[data-ticked]").textContent = ticked;
  for (const block of form.querySelectorAll("[data-block]")) {
    const all = block.querySelector("[data-all]");
    const mine = boxes(block);
    const set = mine.filter((box) => box.checked).length;
    all.checked = set === mine.length;
    all.indeterminate = set > 0 && set < mine.length;
  }
}

form?.addEventListener("change", ({ target }) => {
  if (target.matches("[data-all]")) {
    for (const box of boxes(target.closest("[data-block]"))) box.checked = target.checked;
  }
  tell();
});
if (form) tell();
