/*
  A builder for conditions, in place of the textarea that holds their JSON. The textarea always holds the JSON of what
  is shown; the server says the sentence, counts the leads and names mistakes by their path.
*/

import { button, el, freshId, input, select, suggestions, whole } from "./elements.js";
import { counts, group, QUESTIONS, readRoot, writeRoot } from "./tree.js";
import { values } from "./values.js";
import { fieldOf, fieldOptions, fitting, load, newEvent, newField, operatorOf, operatorsFor, seenProperties, words } from "./words.js";

const WAIT = 350;

class Builder {
  constructor(box) {
    this.box = box;
    this.text = box.querySelector("textarea");
    this.tree = el("div", { class: "cb-tree" });
    this.sentence = el("p", { class: "cb-sentence" });
    this.count = el("p", { class: "cb-count" });
    this.mistake = el("p", { class: "cb-mistake", hidden: true });
    this.live = el("div", { class: "cb-live", role: "status", "aria-live": "polite" }, this.sentence, this.count, this.mistake);
    this.toggle = button("Show as JSON", () => this.show(this.text.hidden), { class: "cb-link", "aria-expanded": "false" });
    this.asked = 0;
    box.prepend(el("div", { class: "cb-sides" }, this.tree, this.live), el("div", { class: "cb-foot" }, this.toggle));
    box.classList.add("cb-on");
    this.text.addEventListener("change", () => this.load());
    this.text.setAttribute("aria-label", "Condition as JSON");
    this.show(false);
    this.load();
  }

  show(open) {
    this.text.hidden = !open;
    this.box.querySelector(".cb-help").hidden = !open;
    this.toggle.textContent = open ? "Hide JSON" : "Show as JSON";
    this.toggle.setAttribute("aria-expanded", String(open));
  }

  /* What the textarea holds becomes what is shown; what cannot be read stays as text. */
  load() {
    try {
      this.root = readRoot(this.text.value);
    } catch {
      this.tree.hidden = true;
      this.show(true);
      this.say("", "", "This is not a condition in JSON. Put it right here, or empty the box to start again.");
      return;
    }
    this.tree.hidden = false;
    this.draw();
    this.changed();
  }

  draw(focus) {
    this.rows = new Map();
    this.drawing = true;
    this.tree.replaceChildren(this.group(this.root, null));
    this.drawing = false;
    const target = focus && this.rows.get(focus);
    (target?.querySelector("select, input, button"))?.focus();
  }

  changed() {
    this.places = new Map();
    const json = writeRoot(this.root, this.places);
    this.text.value = json ? JSON.stringify(json, null, 2) : "";
    this.clear();
    clearTimeout(this.timer);
    if (json) this.timer = setTimeout(() => this.ask(json), WAIT);
    else this.nothing();
  }

  nothing() {
    this.asked += 1;
    const required = "required" in this.box.dataset;
    this.say(required ? "Nothing asked yet" : "Every lead",
      required ? "Add a test: what must be known of a lead, or what it did." : "Add a test to narrow it down.", "");
  }

  async ask(condition) {
    const turn = ++this.asked;
    try {
      const response = await fetch(this.box.dataset.check, { method: "POST", body: JSON.stringify({ condition }),
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() } });
      if (!response.ok) throw new Error(String(response.status));
      const findings = await response.json();
      if (turn === this.asked) this.tell(findings);
    } catch {
      if (turn === this.asked) this.say("", "", "The server did not answer, so nothing was counted. What you entered is kept.");
    }
  }

  tell({ sentence, matches, errors }) {
    this.clear();
    const marked = errors.filter(({ path, message }) => this.point(path, message));
    if (marked.length) this.say("", "", "");
    else if (errors.length) this.say("Not complete yet", "Say what the new test looks for.", "");
    else this.say(`${sentence}.`, matches ? counted(matches) : "Counting took too long, so no number is shown.", "");
  }

  say(sentence, count, mistake) {
    this.sentence.textContent = sentence;
    this.count.textContent = count;
    this.mistake.textContent = mistake;
    this.mistake.hidden = !mistake;
    this.live.hidden = !(sentence || count || mistake);
  }

  clear() {
    this.tree.querySelectorAll(".cb-error").forEach((node) => node.remove());
    this.tree.querySelectorAll("[aria-invalid]").forEach((node) => {
      node.removeAttribute("aria-invalid");
      node.removeAttribute("aria-describedby");
    });
  }

  /*
    A mistake is shown at the row whose path is the longest beginning of its own. Returns whether it is one: a test that
    has just been added is none, until somebody has left it.
  */
  point(path, message) {
    const steps = path ? path.split(".") : [];
    for (let length = steps.length; length >= 0; length -= 1) {
      const part = this.places.get(steps.slice(0, length).join("."));
      const row = this.rows.get(part);
      if (row && !part.fresh) this.mark(row, steps[length], message);
      if (row) return !part.fresh;
    }
    return false;
  }

  mark(row, part, message) {
    const id = freshId("error");
    row.append(el("p", { class: "cb-error", id }, `${message[0].toUpperCase()}${message.slice(1)}.`));
    const wrong = part === undefined ? [] : row.querySelectorAll(`:scope > .cb-line [data-part="${CSS.escape(part)}"]`);
    wrong.forEach((node) => {
      node.setAttribute("aria-invalid", "true");
      node.setAttribute("aria-describedby", id);
    });
  }

  // --- Groups ---

  group(part, parent) {
    const rows = part.parts.map((child) => (child.kind === "group" ? this.group(child, part) : this.row(child, part)));
    const add = (child) => () => {
      const made = fresh(child());
      part.parts.push(made);
      this.changed();
      this.draw(made);
    };
    const node = el("fieldset", { class: "cb-group" }, el("legend", { class: "cb-hidden" }, "Group of conditions"),
      parent || part.parts.length > 1 || part.negated ? this.mode(part, parent) : null,
      ...rows,
      el("div", { class: "cb-add" },
        button("+ Who they are", add(newField)),
        button("+ What they did", add(newEvent)),
        depth(this.root, part) < 6 ? button("+ Group", add(() => group(part.mode === "all" ? "any" : "all", [newField()]))) : null));
    this.rows.set(part, node);
    return node;
  }

  mode(part, parent) {
    const value = `${part.negated ? "not_" : ""}${part.mode}`;
    const options = [["all", "All of these are true"], ["any", "At least one of these is true"],
      ["not_any", "None of these is true"], ["not_all", "Not all of these are true"]];
    return el("div", { class: "cb-line" },
      select("How the group counts", options.map(([key, label]) => ({ value: key, label })), value, (chosen) => {
        part.negated = chosen.startsWith("not_");
        part.mode = chosen.replace("not_", "");
        this.changed();
      }),
      parent ? this.remover(part, parent, "group") : null);
  }

  remover(part, parent, name) {
    return button("×", () => {
      const at = parent.parts.indexOf(part);
      parent.parts.splice(at, 1);
      this.changed();
      this.draw(parent.parts[Math.min(at, parent.parts.length - 1)] || parent);
    }, { class: "cb-button cb-remove", "aria-label": `Remove this ${name}`, title: `Remove this ${name}` });
  }

  // --- Rows ---

  row(part, parent) {
    const line = el("div", { class: "cb-line" }, this.negation(part),
      ...(part.kind === "field" ? this.fieldInputs(part) : this.eventInputs(part)), this.remover(part, parent, "test"));
    const node = el("div", { class: "cb-row" }, line, ...(part.kind === "event" ? part.where.map((test) => this.whereRow(test, part)) : []));
    this.settle(node, part);
    this.rows.set(part, node);
    return node;
  }

  settle(node, part) {
    node.addEventListener("focusout", ({ relatedTarget }) => {
      if (!part.fresh || this.drawing || node.contains(relatedTarget)) return;
      part.fresh = false;
      this.changed();
    });
  }

  redraw(part) {
    this.changed();
    this.draw(part);
  }

  negation(part) {
    const options = part.kind === "field" ? [["", "It is true that"], ["not", "It is not true that"]] : [["", "The lead"], ["not", "It is not true that the lead"]];
    return select("True or not", options.map(([value, label]) => ({ value, label })), part.negated ? "not" : "", (value) => {
      part.negated = value === "not";
      this.changed();
    });
  }

  fieldInputs(part) {
    const field = fieldOf(part.field);
    const type = field ? field.type : "text";
    const operators = operatorsFor([type]).map(({ key, label }) => ({ value: key, label: label.replace(/[:…]$/, "").trim() }));
    return [
      select("Field", fieldOptions(), part.field, (key) => {
        const next = fieldOf(key).type;
        const operator = operatorsFor([next]).find(({ key: kept }) => kept === part.op) || operatorsFor([next])[0];
        Object.assign(part, { field: key, op: operator.key, value: fitting(undefined, next, operator, fieldOf(key).choices) });
        this.redraw(part);
      }, "field"),
      select("Comparison", operators, part.op, (op) => {
        Object.assign(part, { op, value: fitting(part.value, type, operatorOf(op), field?.choices) });
        this.redraw(part);
      }, "op"),
      ...values(part, type, field ? field.choices : [], field ? field.seen : [], () => this.changed()),
    ];
  }

  eventInputs(part) {
    const kinds = words.kinds.map(({ slug, label }) => ({ value: slug, label }));
    return [
      select("What they did", kinds, part.event, (event) => { part.event = event; this.redraw(part); }, "event"),
      select("How often or when", QUESTIONS.map(([value, label]) => ({ value, label })), part.question, (question) => {
        part.number = counts(question) === counts(part.question) ? part.number : counts(question) ? 1 : 30;
        part.question = question;
        this.redraw(part);
      }),
      input(counts(part.question) ? "How many times" : "How many days", "number", part.number,
        (node) => { part.number = whole(node); this.changed(); }, { min: part.question === "at_most" ? 0 : 1, step: 1, "data-part": part.question }),
      ...(counts(part.question) ? this.window(part) : [el("span", {}, part.question === "last_before" ? "days ago" : "days")]),
      button("+ where", () => {
        const test = fresh({ kind: "property", property: seenProperties(part.event)[0] || "", op: "contains", value: "" });
        part.where.push(test);
        this.redraw(test);
      }, { title: "Only events with a certain property" }),
    ];
  }

  window(part) {
    const limited = part.days !== undefined;
    return [
      el("span", {}, "times"),
      select("Period", [{ value: "ever", label: "ever" }, { value: "days", label: "in the last" }], limited ? "days" : "ever", (value) => {
        part.days = value === "days" ? 30 : undefined;
        this.redraw(part);
      }),
      limited ? input("Days", "number", part.days, (node) => { part.days = whole(node); this.changed(); }, { min: 1, step: 1, "data-part": "days" }) : null,
      limited ? el("span", {}, "days") : null,
    ];
  }

  whereRow(test, event) {
    const names = suggestions(seenProperties(event.event));
    const operator = operatorOf(test.op);
    const numeric = operator && !operator.types.includes("text");
    const operators = operatorsFor(["text", "number"]).map(({ key, label }) => ({ value: key, label }));
    const line = el("div", { class: "cb-line cb-where" }, el("span", {}, "where"),
      input("Property", "text", test.property, (node) => { test.property = node.value.trim(); this.changed(); },
        { list: names.list, placeholder: "property", onchange: () => this.redraw(test), "data-part": "property" }), names.node,
      select("Comparison", operators, test.op, (op) => {
        const type = operatorOf(op).types.includes("text") ? "text" : "number";
        Object.assign(test, { op, value: fitting(test.value, type, operatorOf(op)) });
        this.redraw(test);
      }, "op"),
      ...values(test, numeric ? "number" : "text", [], (words.properties[event.event] || {})[test.property] || [], () => this.changed()),
      button("×", () => { event.where.splice(event.where.indexOf(test), 1); this.redraw(event); },
        { class: "cb-button cb-remove", "aria-label": "Remove this property test", title: "Remove this property test" }));
    const node = el("div", { class: "cb-row" }, line);
    this.settle(node, test);
    this.rows.set(test, node);
    return node;
  }
}

function fresh(part) {
  (part.parts || [part]).forEach((test) => { test.fresh = true; });
  return part;
}

function depth(root, part) {
  if (root === part) return 1;
  return Math.max(0, ...root.parts.filter(({ kind }) => kind === "group").map((child) => {
    const below = depth(child, part);
    return below ? below + 1 : 0;
  }));
}

const number = (value) => value.toLocaleString("en-US");

function counted({ count, of, accepted, won, sample }) {
  const about = sample === null ? "" : "About ";
  const found = count === 1 ? "leads matches" : "leads match";
  const estimate = sample === null ? "" : ` Estimated from ${number(sample)} leads.`;
  return `${about}${number(count)} of ${number(of)} ${found}: ${number(accepted)} accepted by sales, ${number(won)} won.${estimate}`;
}

function token() {
  return document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";
}

async function start() {
  const boxes = [...document.querySelectorAll("[data-condition]:not(.cb-on)")];
  if (!boxes.length) return;
  try {
    await load(boxes[0].dataset.vocabulary);
  } catch {
    return; // the textarea stays: a condition can be written as JSON
  }
  boxes.forEach((box) => new Builder(box));
}

start();
