// Conditions of a service: a line shows the fields of its kind only, and only the values of that kind.
function fit(line) {
  const { value } = line.querySelector("[data-kind]");
  line.querySelectorAll("[data-for]").forEach((field) => { field.hidden = !field.dataset.for.split(" ").includes(value); });
  line.querySelectorAll("optgroup[data-group]").forEach((group) => {
    const other = group.dataset.group !== value;
    group.hidden = other;
    if (other) [...group.children].forEach((option) => { option.selected = false; });
  });
}

for (const line of document.querySelectorAll("[data-line]")) {
  fit(line);
  line.querySelector("[data-kind]").addEventListener("change", () => fit(line));
}
