// The event debugger does not fetch anew while somebody reads what was sent.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "stream" && event.target.querySelector("details[open]")) event.preventDefault();
});
