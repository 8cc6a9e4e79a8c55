// Reads the code at a door: the browser's own detector where it has one, else jsQR, which is fetched when it is needed.
// Over plain http there is no live camera: a photo of the code does as well.
import { post } from "geban/app";

const place = document.querySelector("[data-scan]");
const words = place.dataset;
const frame = place.querySelector("[data-frame]");
const video = frame.querySelector("video");
const said = place.querySelector("[data-said]");
const live = place.querySelector("[data-live]");
const form = document.querySelector(".gq-typed");
const EDGES = [1000, 1800, 600]; // edges in pixels at which a photo is looked at
const EVERY = 180; // milliseconds between two looks at the camera

let detector = null;
let script = null;
let stream = null;
let sent = "";

async function own() {
  if (detector !== null) return detector;
  detector = false;
  if ("BarcodeDetector" in window) {
    const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
    if (formats.includes("qr_code")) detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  }
  return detector;
}

function library() {
  script ??= new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = words.jsqr;
    tag.addEventListener("load", () => resolve(window.jsQR));
    tag.addEventListener("error", reject);
    document.head.append(tag);
  });
  return script;
}

/** The text of a code in a picture or in the camera's frame, or "". */
async function read(source, width, height, edge) {
  const found = await own();
  if (found) {
    const codes = await found.detect(source).catch(() => []);
    if (codes.length) return codes[0].rawValue;
  }
  const jsQR = await library();
  const scale = Math.min(1, edge / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return jsQR(data, canvas.width, canvas.height)?.data ?? "";
}

function refuse(message) {
  const line = form.querySelector("[data-refusal]");
  line.querySelector("span").textContent = message ?? "";
  line.hidden = !message;
  if (message) line.scrollIntoView({ block: "nearest" });
}

async function open(text) {
  sent = text;
  const { ok, data } = await post(words.scan, new URLSearchParams({ text }));
  if (ok && data.url) {
    stop();
    location.assign(data.url);
    return true;
  }
  refuse(data.message);
  return false;
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  frame.hidden = true;
  live.hidden = !navigator.mediaDevices?.getUserMedia;
}

async function look() {
  if (!stream) return;
  if (video.readyState >= 2) {
    const text = await read(video, video.videoWidth, video.videoHeight, 720).catch(() => "");
    // the same foreign code before the lens is asked for once
    if (text && text !== sent && (await open(text))) return;
  }
  setTimeout(look, EVERY);
}

async function start() {
  refuse("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    said.textContent = words.noCamera;
    return;
  }
  video.srcObject = stream;
  frame.hidden = false;
  live.hidden = true;
  said.textContent = words.looking;
  await video.play();
  look();
}

place.querySelector("[data-photo]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (!file) return;
  refuse("");
  place.setAttribute("aria-busy", "true");
  let text = "";
  try {
    const picture = await createImageBitmap(file);
    for (const edge of EDGES) {
      text ||= await read(picture, picture.width, picture.height, edge);
    }
  } catch {
    text = "";
  }
  place.removeAttribute("aria-busy");
  said.textContent = text ? "" : words.noCode;
  if (text) open(text);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  open(form.elements.text.value);
});
live.addEventListener("click", start);
addEventListener("pagehide", stop);
if (navigator.mediaDevices?.getUserMedia) start();
else said.textContent = words.noCamera;
