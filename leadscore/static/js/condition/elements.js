/* Small pieces of a page. */

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function select(label, options, chosen, change, part) {
  const known = options.some((option) => (option.options || [option]).some(({ value }) => value === chosen));
  const all = known || chosen === undefined ? options : [{ value: chosen, label: chosen }, ...options];
  const draw = ({ value, label: text }) => el("option", { value, selected: value === chosen }, text);
  const children = all.map((option) =>
    option.options ? el("optgroup", { label: option.label }, ...option.options.map(draw)) : draw(option));
  return el("select", { class: "cb-input", "aria-label": label, "data-part": part,
    onchange: (event) => change(event.target.value) }, ...children);
}

export const button = (text, act, attributes = {}) =>
  el("button", { type: "button", class: "cb-button", onclick: act, ...attributes }, text);

export function input(label, type, value, change, attributes = {}) {
  return el("input", { class: `cb-input cb-${type}`, type, "aria-label": label, value: value ?? "",
    oninput: (event) => change(event.target), ...attributes });
}

export const whole = (node) => (node.value === "" ? null : Number(node.value));

let lists = 0;
export const freshId = (name) => `cb-${name}-${++lists}`;
export function suggestions(values) {
  if (!values || !values.length) return { list: undefined, node: null };
  const id = freshId("list");
  return { list: id, node: el("datalist", { id }, ...values.map((value) => el("option", { value }))) };
}
