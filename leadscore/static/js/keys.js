// Keys on lists: J and K move between [data-item], which then holds the focus in its first link, so Enter opens it.
// Other keys press what carries data-key="letter": in the current item, or anywhere outside of items. "/" searches.
"use strict";

let place = -1; // of the current item; kept when an answer puts a new row in its place

const items = () => [...document.querySelectorAll("[data-item]")];
const busy = (target) => target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");

function move(step) {
  const all = items();
  if (!all.length) return;
  const at = all.findIndex((item) => item.classList.contains("current"));
  all[at]?.classList.remove("current");
  place = Math.min(all.length - 1, Math.max(0, (at < 0 ? place : at) + step));
  all[place].classList.add("current");
  all[place].querySelector("a")?.focus({ preventScroll: true });
  all[place].scrollIntoView({ block: "nearest" });
}

function bearing(key) {
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  return document.querySelector(`[data-item].current ${wanted}`)
    || [...document.querySelectorAll(wanted)].find((target) => !target.closest("[data-item]"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || busy(event.target)) return;
  const key = event.key.toLowerCase();
  const search = key === "/" && document.querySelector("input[type=search]");
  if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (search) search.focus();
  else if (bearing(key)) bearing(key).click();
  else return;
  event.preventDefault();
});
