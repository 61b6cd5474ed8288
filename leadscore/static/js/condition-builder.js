/*
  A builder for conditions, in place of the textarea that holds their JSON.

  The tree of a condition is edited in a form that is easier to draw: every part knows whether it is negated, so that
  {"not": …} is a word in front of a row and not a level of its own. The textarea always holds the JSON of what is
  shown; the server says the sentence, counts the leads and names mistakes by their path.
*/
(() => {
  "use strict";

  const QUESTIONS = [
    ["at_least", "at least"],
    ["at_most", "at most"],
    ["first_within", "for the first time in the last"],
    ["last_before", "for the last time at least"],
  ];
  const WAIT = 350;
  let words; // of the server: fields, operators, kinds, seen properties; asked for once

  // --- From JSON to what is drawn, and back ----------------------------------------------------------

  const group = (mode, parts, negated = false) => ({ kind: "group", mode, parts, negated });

  function read(json) {
    if ("not" in json) {
      const part = read(json.not);
      return part.negated ? group("all", [part], true) : { ...part, negated: true };
    }
    if ("all" in json) return group("all", json.all.map(read));
    if ("any" in json) return group("any", json.any.map(read));
    if ("field" in json) return { kind: "field", field: json.field, op: json.op, value: json.value, negated: false };
    const question = QUESTIONS.map(([key]) => key).find((key) => key in json) || "at_least";
    const where = (json.where || []).map((test) => ({ kind: "property", ...test }));
    return { kind: "event", event: json.event, where, question, number: json[question] ?? 1, days: json.days, negated: false };
  }

  function readRoot(text) {
    if (!text.trim() || text.trim() === "null") return group("all", []);
    const part = read(JSON.parse(text));
    return part.kind === "group" ? part : group("all", [part]);
  }

  /* `places` maps each path of the JSON to the part it came from. */
  function write(part, path, places) {
    const inner = part.negated ? [...path, "not"] : path;
    places.set(path.join("."), part);
    places.set(inner.join("."), part);
    const json = { group: writeGroup, field: writeField, event: writeEvent }[part.kind](part, inner, places);
    return part.negated ? { not: json } : json;
  }

  function writeGroup(part, path, places) {
    return { [part.mode]: part.parts.map((child, i) => write(child, [...path, part.mode, String(i)], places)) };
  }

  function writeField({ field, op, value }) {
    return value === undefined ? { field, op } : { field, op, value };
  }

  function writeEvent({ event, where, question, number, days }, path, places) {
    const json = { event };
    where.forEach((test, i) => places.set([...path, "where", String(i)].join("."), test));
    if (where.length) {
      json.where = where.map(({ property, op, value }) => (value === undefined ? { property, op } : { property, op, value }));
    }
    if (question !== "at_least" || number !== 1) json[question] = number;
    if (days !== undefined && counts(question)) json.days = days;
    return json;
  }

  function writeRoot(root, places) {
    const [only] = root.parts;
    if (!root.parts.length) return null;
    return root.parts.length === 1 && !root.negated ? write(only, [], places) : write(root, [], places);
  }

  const counts = (question) => question === "at_least" || question === "at_most";

  // --- Small helpers -----------------------------------------------------------------------------------

  function el(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value === true) node.setAttribute(key, "");
      else if (value !== false && value !== undefined && value !== null) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  function select(label, options, chosen, change, part) {
    const known = options.some((option) => (option.options || [option]).some(({ value }) => value === chosen));
    const all = known || chosen === undefined ? options : [{ value: chosen, label: chosen }, ...options];
    const draw = ({ value, label: text }) => el("option", { value, selected: value === chosen }, text);
    const children = all.map((option) =>
      option.options ? el("optgroup", { label: option.label }, ...option.options.map(draw)) : draw(option));
    return el("select", { class: "cb-input", "aria-label": label, "data-part": part,
      onchange: (event) => change(event.target.value) }, ...children);
  }

  const button = (text, act, attributes = {}) =>
    el("button", { type: "button", class: "cb-button", onclick: act, ...attributes }, text);

  function input(label, type, value, change, attributes = {}) {
    return el("input", { class: `cb-input cb-${type}`, type, "aria-label": label, value: value ?? "",
      oninput: (event) => change(event.target), ...attributes });
  }

  const whole = (node) => (node.value === "" ? null : Number(node.value));

  let lists = 0;
  function suggestions(values) {
    if (!values || !values.length) return { list: undefined, node: null };
    const id = `cb-list-${++lists}`;
    return { list: id, node: el("datalist", { id }, ...values.map((value) => el("option", { value }))) };
  }

  // --- Words -------------------------------------------------------------------------------------------

  const fieldOf = (key) => words.fields.find((field) => field.key === key);
  const operatorOf = (key) => words.operators.find((operator) => operator.key === key);
  const operatorsFor = (types) => words.operators.filter((operator) => operator.types.some((type) => types.includes(type)));

  function fieldOptions() {
    return ["Lead", "Company", "Custom"]
      .map((name) => ({ label: name, options: words.fields.filter((field) => field.group === name)
        .map((field) => ({ value: field.key, label: field.label })) }))
      .filter(({ options }) => options.length);
  }

  // A value that fits the operator, kept where it still does.
  function fitting(value, type, operator) {
    const single = Array.isArray(value) ? value[0] : value;
    switch (operator.takes) {
      case "nothing": return undefined;
      case "days": return Number.isInteger(value) ? value : 30;
      case "range": return Array.isArray(value) && value.length === 2 ? value : [emptyOf(type), emptyOf(type)];
      case "many": return Array.isArray(value) ? value : value ? [String(value)] : [];
      default: return single !== undefined && typeof single === typeof emptyOf(type) ? single : firstOf(type);
    }
  }

  const emptyOf = (type) => ({ number: 0, boolean: true })[type] ?? "";
  const firstOf = (type) => emptyOf(type);

  // --- The builder -------------------------------------------------------------------------------------

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
      this.tree.replaceChildren(this.group(this.root, null));
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
      for (const { path, message } of errors) this.point(path, message);
      if (errors.length) this.say("", "", "");
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

    /* A mistake is shown at the row whose path is the longest beginning of its own. */
    point(path, message) {
      const steps = path ? path.split(".") : [];
      for (let length = steps.length; length >= 0; length -= 1) {
        const row = this.rows.get(this.places.get(steps.slice(0, length).join(".")));
        if (row) return this.mark(row, steps[length], message);
      }
      return this.say("", "", message);
    }

    mark(row, part, message) {
      const id = `cb-error-${++lists}`;
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
        const made = child();
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
      this.rows.set(part, node);
      return node;
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
          Object.assign(part, { field: key, op: operator.key, value: fitting(undefined, next, operator) });
          this.redraw(part);
        }, "field"),
        select("Comparison", operators, part.op, (op) => {
          Object.assign(part, { op, value: fitting(part.value, type, operatorOf(op)) });
          this.redraw(part);
        }, "op"),
        ...this.values(part, type, field ? field.choices : [], field ? field.seen : []),
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
          const test = { kind: "property", property: seenProperties(part.event)[0] || "", op: "contains", value: "" };
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
        ...this.values(test, numeric ? "number" : "text", [], (words.properties[event.event] || {})[test.property] || []),
        button("×", () => { event.where.splice(event.where.indexOf(test), 1); this.redraw(event); },
          { class: "cb-button cb-remove", "aria-label": "Remove this property test", title: "Remove this property test" }));
      const node = el("div", { class: "cb-row" }, line);
      this.rows.set(test, node);
      return node;
    }

    // --- Values ---

    values(part, type, choices, seen) {
      const operator = operatorOf(part.op);
      const set = (value) => { part.value = value; this.changed(); };
      switch (operator ? operator.takes : "one") {
        case "nothing": return [];
        case "days": return [input("Days", "number", part.value, (node) => set(whole(node)), { min: 1, step: 1, "data-part": "value" }), el("span", {}, "days")];
        case "range": return this.range(part, type, set);
        case "many": return [choices.length ? this.picks(part, choices, set) : this.chips(part, seen, set)];
        default: return [this.one(part, type, choices, seen, set)].flat();
      }
    }

    one(part, type, choices, seen, set) {
      if (type === "boolean") {
        return select("Value", [{ value: "yes", label: "yes" }, { value: "no", label: "no" }], part.value ? "yes" : "no", (value) => set(value === "yes"), "value");
      }
      if (choices.length && ["is", "is_not"].includes(part.op)) {
        if (!part.value) part.value = choices[0].value;
        return select("Value", choices, part.value, set, "value");
      }
      return this.typed("Value", part.value, type, set, seen);
    }

    typed(label, value, type, set, seen = []) {
      if (type === "number") return input(label, "number", value, (node) => set(whole(node)), { step: "any", "data-part": "value" });
      if (type === "date") return input(label, "date", value, (node) => set(node.value), { "data-part": "value" });
      const known = suggestions(seen);
      return [input(label, "text", value, (node) => set(node.value), { list: known.list, "data-part": "value" }), known.node];
    }

    range(part, type, set) {
      const at = (index) => (value) => set(part.value.map((old, i) => (i === index ? value : old)));
      const [low, high] = Array.isArray(part.value) ? part.value : [];
      return [this.typed("From", low, type, at(0)), el("span", {}, "and"), this.typed("To", high, type, at(1))].flat();
    }

    picks(part, choices, set) {
      const chosen = new Set(part.value);
      return el("span", { class: "cb-picks", role: "group", "aria-label": "Values", "data-part": "value", tabindex: "-1" },
        ...choices.map(({ value, label }) => el("label", { class: "cb-pick" },
          el("input", { type: "checkbox", checked: chosen.has(value), onchange: (event) => {
            if (event.target.checked) chosen.add(value); else chosen.delete(value);
            set([...chosen]);
          } }), label)));
    }

    chips(part, seen, set) {
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
  }

  function depth(root, part) {
    if (root === part) return 1;
    return Math.max(0, ...root.parts.filter(({ kind }) => kind === "group").map((child) => {
      const below = depth(child, part);
      return below ? below + 1 : 0;
    }));
  }

  const newField = () => ({ kind: "field", field: "title", op: "contains", value: "", negated: false });
  const newEvent = () => ({ kind: "event", event: (words.kinds[1] || words.kinds[0]).slug, where: [], question: "at_least", number: 1, days: 30, negated: false });
  const seenProperties = (kind) => Object.keys(words.properties[kind] || {});

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
      words ||= await (await fetch(boxes[0].dataset.vocabulary)).json();
    } catch {
      return; // the textarea stays: a condition can be written as JSON
    }
    boxes.forEach((box) => new Builder(box));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
