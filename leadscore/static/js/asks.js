// A button whose form has somebody else asked, which takes seconds, says so once it is pressed: data-asks="Testing…".
"use strict";

document.addEventListener("submit", ({ submitter, defaultPrevented }) => {
  if (defaultPrevented || !submitter?.dataset.asks) return;
  submitter.dataset.said = submitter.textContent;
  submitter.textContent = submitter.dataset.asks;
  setTimeout(() => { submitter.disabled = true; }); // after its own name went into the form
});

// The page comes back as it was left.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[data-said]")) {
    button.textContent = button.dataset.said;
    button.disabled = false;
  }
});
