// Ticks every box of a form on this page, or takes all ticks away where every one is set.
for (const button of document.querySelectorAll("[data-tick-all]")) {
  button.addEventListener("click", () => {
    const boxes = [...document.querySelectorAll(`input[type=checkbox][form="${button.dataset.tickAll}"]`)];
    const set = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = set;
  });
}
