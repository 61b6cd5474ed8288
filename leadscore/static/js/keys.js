// Keys on lists: J and K move between [data-item], Enter opens its first link, other letters press the button or link
// in it (or on the page) that carries data-key="letter". "/" goes to the search field.
"use strict";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");

const move = (step) => {
  const items = [...document.querySelectorAll("[data-item]")];
  if (!items.length) return;
  const at = items.findIndex((item) => item.classList.contains("current"));
  items[at]?.classList.remove("current");
  const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
  next.classList.add("current");
  next.scrollIntoView({ block: "nearest" });
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const key = event.key.toLowerCase();
  const item = document.querySelector("[data-item].current");
  if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "/") document.querySelector("input[type=search]")?.focus();
  else if (key === "enter" && item && event.target === document.body) item.querySelector("a")?.click();
  else {
    const wanted = `[data-key="${CSS.escape(key)}"]`;
    const target = item?.querySelector(wanted) || (item ? null : document.querySelector(wanted));
    if (!target) return;
    target.click();
  }
  event.preventDefault();
});
