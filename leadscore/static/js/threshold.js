// [data-threshold]: a form whose range says at once what each choice costs and gains. The choices are rows of a table:
// data-choice="27" data-weekly="38" data-customers="67".
"use strict";

const form = document.querySelector("[data-threshold]");
const choices = [...document.querySelectorAll("[data-choice]")].map((row) => row.dataset);

if (form && choices.length) {
  const range = form.querySelector("[type=range]");
  const say = (name, text) => { const place = form.querySelector(`[data-${name}]`); if (place) place.textContent = text; };
  const tell = () => {
    const chosen = choices.filter((choice) => Number(choice.choice) <= Number(range.value)).pop() || choices[0];
    say("limit", range.value);
    say("weekly", chosen.weekly);
    say("customers", chosen.customers);
  };
  range.addEventListener("input", tell);
  form.querySelector("[data-show]").hidden = true;
}
