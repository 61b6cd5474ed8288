// A toast goes when it is closed; what only confirms goes by itself. Errors stay.
// Where the server does not answer a part of the page, a toast says so: silence would look like success.
"use strict";

const FADES_AFTER = 8000;

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest(".toast").remove();
});

for (const toast of document.querySelectorAll(".toasts .toast[data-fades]")) setTimeout(() => toast.remove(), FADES_AFTER);

function complain(text) {
  const toast = document.getElementById("toast-error").content.firstElementChild.cloneNode(true);
  toast.querySelector("span").textContent = text;
  document.getElementById("toasts").append(toast);
}

document.addEventListener("htmx:sendError", () => complain("Not sent: the server cannot be reached. Try again in a moment."));
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status >= 500) complain("An error on our side. Load the page again to see whether it was saved.");
  else if (xhr.status === 403) complain("Your role does not allow this, or you signed in again elsewhere. Load the page again.");
  else if (xhr.status === 404) complain("This is gone. Load the page again.");
});
