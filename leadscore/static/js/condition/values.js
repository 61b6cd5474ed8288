/* The inputs for what a test compares with, by the type of the field and what the operator takes. */

import { button, el, input, select, suggestions, whole } from "./elements.js";
import { operatorOf, picked } from "./words.js";

export function values(part, type, choices, seen, changed) {
  const operator = operatorOf(part.op);
  const set = (value) => { part.value = value; changed(); };
  switch (operator ? operator.takes : "one") {
    case "nothing": return [];
    case "days": return [input("Days", "number", part.value, (node) => set(whole(node)), { min: 1, step: 1, "data-part": "value" }), el("span", {}, "days")];
    case "range": return range(part, type, set);
    case "many": return [choices.length ? picks(part, choices, set) : chips(part, seen, set)];
    default: return [one(part, type, choices, seen, set)].flat();
  }
}

function one(part, type, choices, seen, set) {
  if (type === "boolean") {
    return select("Value", [{ value: "yes", label: "yes" }, { value: "no", label: "no" }], part.value ? "yes" : "no", (value) => set(value === "yes"), "value");
  }
  if (picked(part.op, choices)) {
    return select("Value", choices, part.value, set, "value");
  }
  return typed("Value", part.value, type, set, seen);
}

function typed(label, value, type, set, seen = []) {
  if (type === "number") return input(label, "number", value, (node) => set(whole(node)), { step: "any", "data-part": "value" });
  if (type === "date") return input(label, "date", value, (node) => set(node.value), { "data-part": "value" });
  const known = suggestions(seen);
  return [input(label, "text", value, (node) => set(node.value), { list: known.list, "data-part": "value" }), known.node];
}

function range(part, type, set) {
  const at = (index) => (value) => set(part.value.map((old, i) => (i === index ? value : old)));
  const [low, high] = Array.isArray(part.value) ? part.value : [];
  return [typed("From", low, type, at(0)), el("span", {}, "and"), typed("To", high, type, at(1))].flat();
}

function picks(part, choices, set) {
  const chosen = new Set(part.value);
  return el("span", { class: "cb-picks", role: "group", "aria-label": "Values", "data-part": "value", tabindex: "-1" },
    ...choices.map(({ value, label }) => el("label", { class: "cb-pick" },
      el("input", { type: "checkbox", checked: chosen.has(value), onchange: (event) => {
        if (event.target.checked) chosen.add(value); else chosen.delete(value);
        set([...chosen]);
      } }), label)));
}

function chips(part, seen, set) {
  const known = suggestions(seen);
  const box = el("span", { class: "cb-chips" });
  const entry = input("Add a value; a comma or Enter ends it", "text", "", (node) => { if (/[,;]/.test(node.value)) take(); },
    { list: known.list, placeholder: "value, value, …", "data-part": "value", onchange: () => take(), onkeydown: (event) => {
      if (event.key === "Enter") { event.preventDefault(); take(); }
      if (event.key === "Backspace" && !entry.value && part.value.length) { set(part.value.slice(0, -1)); draw(); }
    } });
  const take = () => {
    const given = entry.value.split(/[,;]/).map((value) => value.trim()).filter(Boolean);
    entry.value = "";
    if (!given.length) return;
    set([...new Set([...(part.value || []), ...given])]);
    draw();
  };
  const draw = () => {
    const chips = (part.value || []).map((value) => el("span", { class: "cb-chip" }, String(value),
      button("×", () => { set(part.value.filter((other) => other !== value)); draw(); entry.focus(); }, { class: "cb-unchip", "aria-label": `Remove ${value}` })));
    const typing = document.activeElement === entry;
    box.replaceChildren(...chips, entry, ...(known.node ? [known.node] : []));
    if (typing) entry.focus();
  };
  draw();
  return box;
}
