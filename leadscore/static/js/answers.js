// Answers to a handoff: a form that htmx puts into the dialog opens it; an answered row takes its own place and closes it.
// A refusal with words in it (409: somebody was faster, 422: something is missing) is shown like any other answer.
"use strict";

const dialog = () => document.getElementById("dialog");

document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) event.detail.shouldSwap = true;
});

document.addEventListener("htmx:afterSwap", (event) => {
  const inDialog = event.detail.target === dialog();
  if (inDialog && !dialog().open) dialog().showModal();
  if (!inDialog && dialog()?.open) dialog().close();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-cancel]") || !dialog()?.open) return;
  event.preventDefault();
  dialog().close();
});
