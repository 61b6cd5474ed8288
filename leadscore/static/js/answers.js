// Answers to a handoff: a form that htmx puts into the dialog opens it; an answered row takes its own place and closes it.
// A refusal with words in it (409: somebody was faster, 422: something is missing) is shown like any other answer.
"use strict";

const dialog = () => document.getElementById("dialog");
let current = "";

document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) event.detail.shouldSwap = true;
  // The keys J and K go on from the row that was answered.
  if (event.detail.target.classList.contains("current")) current = event.detail.target.id;
});

// Not htmx:afterSwap: that one is lost where the answered row held the form itself.
document.addEventListener("htmx:load", (event) => {
  if (dialog()?.contains(event.detail.elt)) {
    if (!dialog().open) dialog().showModal();
    return;
  }
  dialog()?.close();
});

// Not before everything has settled: until then htmx gives the new row the attributes it came with.
document.addEventListener("htmx:afterSettle", () => {
  if (current) document.getElementById(current)?.classList.add("current");
  current = "";
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-cancel]") || !dialog()?.open) return;
  event.preventDefault();
  dialog().close();
});
