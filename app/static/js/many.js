// Changing many records: a field that is typed into is ticked; the progress of a running job.
const form = document.querySelector("form[data-many]");
form?.addEventListener("input", (event) => {
  const box = event.target.closest(".gb-change-field")?.querySelector("input[name=change]");
  if (box && event.target !== box) box.checked = true;
});
form?.addEventListener("change", (event) => {
  const box = event.target.closest(".gb-change-field")?.querySelector("input[name=change]");
  if (box && event.target !== box) box.checked = true;
});

const job = document.querySelector("[data-job]");
async function look() {
  const answer = await fetch(job.dataset.job, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  const found = answer?.ok ? await answer.json() : {};
  const words = job.querySelector("[data-job-words]"), bar = job.querySelector("progress");
  if (found.state === "done") return location.reload();
  if (found.state === "failed" || found.state === "cancelled") {
    words.textContent = job.dataset.failed;
    bar.remove();
    return undefined;
  }
  if (found.total) {
    bar.max = found.total;
    bar.value = found.done;
    words.textContent = `${found.label} ${found.done} / ${found.total}`;
  } else if (found.label) words.textContent = found.label;
  return setTimeout(look, 1000);
}
if (job) look();
