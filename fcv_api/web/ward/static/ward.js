"use strict";
// The clock is the server's: what this computer's clock shows may be wrong. `performance.now()` only counts on.
const clock = document.getElementById("clock");
const zone = clock.dateTime.slice(19).replace(/^\.\d+/, "");
const offset = zone === "Z" ? 0 : (zone[0] === "-" ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
let began = Date.parse(clock.dateTime) + offset * 60000 - performance.now();
const shown = (at) => new Date(began + at).toISOString().slice(11, 19);
setInterval(() => { clock.textContent = shown(performance.now()); }, 1000);
// While a computer sleeps, `performance.now()` may stand still, and what is on the page grows old unseen.
const apart = () => Date.now() - performance.now();
let before = apart();
const slept = () => { const since = apart() - before; before += since; return since > 10000; };

const EVERY = 15000, LONGEST = 10000, SILENT = 75000; // ms; with a poll that hangs, the cover comes within 90 s
const live = document.getElementById("live"), cover = document.getElementById("cover");
const session = document.querySelector("meta[name=fcv-session]")?.content;
const fallback = document.getElementById("fallback");
const FIRST = ["strip", "now"]; // what is read aloud when it changes
const pieces = (root) => [...root.querySelectorAll(".piece")];
const kept = new Map(live ? pieces(live).map((each) => [each.id, each.outerHTML]) : []);
let answered = performance.now();

function uncover() {
  answered = performance.now();
  cover.hidden = true;
  for (const each of fallback.getAnimations()) each.currentTime = 0; // the style sheet's own cover is put off
}
function coverWith(kind) {
  for (const each of cover.children) each.hidden = each.dataset.cover !== kind;
  for (const each of cover.querySelectorAll("time")) each.textContent = shown(answered);
  cover.hidden = false;
}
function replace(old, fresh) { // keeps what a person has opened, and where the keyboard is
  const keys = (root) => [...root.querySelectorAll("a, button, summary")];
  const at = keys(old).indexOf(document.activeElement);
  const opened = [...old.querySelectorAll("details")].map((each) => each.open);
  old.replaceWith(fresh);
  [...fresh.querySelectorAll("details")].forEach((each, n) => { each.open = Boolean(opened[n]); });
  if (FIRST.includes(old.id)) document.getElementById("said").textContent = fresh.textContent; // for who listens
  if (at >= 0) keys(fresh)[at]?.focus({ preventScroll: true });
}
function swap(root) {
  const fresh = pieces(root).map((each) => document.importNode(each, true));
  const same = fresh.map((each) => each.id).join() === pieces(live).map((each) => each.id).join();
  if (!same) live.replaceChildren(...[...root.children].map((each) => document.importNode(each, true)));
  for (const each of fresh) {
    if (same && kept.get(each.id) !== each.outerHTML) {
      kept.set(each.id, each.outerHTML);
      replace(document.getElementById(each.id), each);
    } else kept.set(each.id, each.outerHTML);
  }
}
async function poll() {
  try {
    const headers = { "If-None-Match": `"${live.dataset.tag}"` };
    const options = { headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(LONGEST) };
    const answer = await fetch(live.dataset.poll, options);
    if (answer.status === 401 || answer.type === "opaqueredirect") return coverWith("expired");
    if ((answer.headers.get("FCV-Session") ?? session) !== session) location.reload(); // somebody else signed in
    if (answer.status === 200) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      swap(page.getElementById("live") ?? page.body);
      live.dataset.tag = (answer.headers.get("ETag") ?? "").replaceAll(/W\/|"/g, "");
    } else if (answer.status !== 304) throw new Error(answer.status);
    const date = Date.parse(answer.headers.get("Date")) + offset * 60000 - performance.now();
    if (Math.abs(date - began) > 2000) began = date;
    uncover();
  } catch { /* no answer: what counts the seconds since the last one covers the page */ }
}
if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), EVERY); // a display that began too soon
if (live) {
  setInterval(poll, EVERY);
  setInterval(() => {
    const woke = slept();
    if ((woke || performance.now() - answered > SILENT) && cover.hidden) coverWith("lost");
    if (woke) poll();
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
}
