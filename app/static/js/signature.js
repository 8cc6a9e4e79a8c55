// A field for a finger's signature: drawn on a canvas, kept as PNG in a hidden field; a photo of the paper does as well.
for (const box of document.querySelectorAll("[data-signature]")) {
  const canvas = box.querySelector("canvas");
  const value = box.querySelector('input[name="signature"]');
  const photo = box.querySelector('input[type="file"]');
  const done = box.querySelector("[data-signed]");
  const pad = new SignaturePad(canvas, { penColor: "#10233f", minWidth: 1, maxWidth: 3 });

  // the bitmap follows the size on screen; what was drawn stays when the phone is turned
  let width = 0;
  let before = value.value; // a signature that a draft brought back
  const fit = () => {
    if (!canvas.offsetWidth || canvas.offsetWidth === width) return;
    width = canvas.offsetWidth;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const strokes = pad.toData();
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
    pad.fromData(strokes);
    if (before) pad.fromDataURL(before, { ratio, width: canvas.offsetWidth, height: canvas.offsetHeight });
  };
  const keep = () => {
    value.value = pad.isEmpty() && !before ? "" : canvas.toDataURL("image/png");
    const taken = photo?.files.length ? photo.files[0].name : "";
    box.classList.toggle("gf-is-signed", Boolean(value.value || taken));
    value.dispatchEvent(new Event("input", { bubbles: true }));
    done.textContent = value.value ? done.dataset.drawn : taken ? done.dataset.photo : "";
  };
  pad.addEventListener("endStroke", keep);
  box.querySelector("[data-clear]").addEventListener("click", () => { before = ""; pad.clear(); if (photo) photo.value = ""; keep(); });
  photo?.addEventListener("change", () => { if (photo.files.length) { before = ""; pad.clear(); } keep(); });
  if (before) {
    box.classList.add("gf-is-signed");
    done.textContent = done.dataset.drawn;
  }
  new ResizeObserver(fit).observe(canvas);
  fit();
  box.closest("form").addEventListener("change", () => requestAnimationFrame(fit));
}
