// The sheet of a check: one press puts everything in order that nobody has judged yet; how many items are still open.
const form = document.querySelector("form[data-check]");
const left = form.querySelector("[data-left]");
const items = [...form.querySelectorAll("[data-field^='item.']")];

function count() {
  const open = items.filter((item) => !item.querySelector("input[type=radio]:checked")).length;
  left.textContent = open ? `${open} ${left.dataset.words}` : "";
}

form.querySelector("[data-all-good]").addEventListener("click", () => {
  for (const item of items) {
    if (!item.querySelector("input[type=radio]:checked")) item.querySelector("input[value=good]").checked = true;
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
  form.dispatchEvent(new Event("input", { bubbles: true }));
});
form.addEventListener("change", count);
count();
