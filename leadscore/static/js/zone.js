// [data-zone="id of a select"] offers the zone of the browser where another one is chosen.
"use strict";

const offer = document.querySelector("[data-zone]");
const select = offer && document.getElementById(offer.dataset.zone);
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (select && zone !== select.value && [...select.options].some((option) => option.value === zone)) {
  offer.querySelector("b").textContent = zone.replace(/_/g, " ");
  offer.querySelector("button").addEventListener("click", () => { select.value = zone; offer.hidden = true; });
  offer.hidden = false;
}
