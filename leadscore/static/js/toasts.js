// A toast goes when it is closed; what only confirms goes by itself. Errors stay.
"use strict";

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest(".toast").remove();
});
for (const toast of document.querySelectorAll(".toast[data-fades]")) setTimeout(() => toast.remove(), 8000);
