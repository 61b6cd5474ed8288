// What could not be said (422) is shown where it was written.
"use strict";

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "talk" && event.detail.xhr.status === 422) event.detail.shouldSwap = true;
});
