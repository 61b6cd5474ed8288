// <input type="checkbox" data-select-all="name"> ticks every checkbox of that name; [data-selected] shows how many are.
"use strict";

document.addEventListener("change", (event) => {
  const box = event.target.closest("input[type=checkbox]");
  if (!box) return;
  const name = box.dataset.selectAll || box.name;
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
  if (box.dataset.selectAll) for (const other of boxes) other.checked = box.checked;
  const chosen = boxes.filter((other) => other.checked).length;
  for (const place of document.querySelectorAll(`[data-selected="${CSS.escape(name)}"]`)) place.textContent = chosen;
  for (const other of boxes) other.closest("tr")?.setAttribute("aria-selected", other.checked);
});
