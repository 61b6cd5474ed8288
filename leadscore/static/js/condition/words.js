/* What may be asked, as the server says it: fields, operators, kinds of events, properties and values seen of late. */

export let words;

export async function load(address) {
  words ||= await (await fetch(address)).json();
}

export const fieldOf = (key) => words.fields.find((field) => field.key === key);
export const operatorOf = (key) => words.operators.find((operator) => operator.key === key);
export const operatorsFor = (types) => words.operators.filter((operator) => operator.types.some((type) => types.includes(type)));

export function fieldOptions() {
  return ["Lead", "Company", "Custom"]
    .map((name) => ({ label: name, options: words.fields.filter((field) => field.group === name)
      .map((field) => ({ value: field.key, label: field.label })) }))
    .filter(({ options }) => options.length);
}

// One of few values is picked from a list, unless only a part of it is asked for.
export const picked = (op, choices) => choices.length > 0 && (op === "is" || op === "is_not");

// A value that fits the operator, kept where it still does.
export function fitting(value, type, operator, choices = []) {
  const single = Array.isArray(value) ? value[0] : value;
  if (picked(operator.key, choices)) return (choices.find((choice) => choice.value === single) || choices[0]).value;
  switch (operator.takes) {
    case "nothing": return undefined;
    case "days": return Number.isInteger(value) ? value : 30;
    case "range": return Array.isArray(value) && value.length === 2 ? value : [emptyOf(type), emptyOf(type)];
    case "many": return Array.isArray(value) ? value : value ? [String(value)] : [];
    default: return single !== undefined && typeof single === typeof emptyOf(type) ? single : emptyOf(type);
  }
}

const emptyOf = (type) => ({ number: 0, boolean: true })[type] ?? "";

export const newField = () => ({ kind: "field", field: "title", op: "contains", value: "", negated: false });
export const newEvent = () => ({ kind: "event", event: (words.kinds[1] || words.kinds[0]).slug, where: [], question: "at_least", number: 1, days: 30, negated: false });
export const seenProperties = (kind) => Object.keys(words.properties[kind] || {});
