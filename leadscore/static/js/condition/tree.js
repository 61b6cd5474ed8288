/*
  A condition in JSON ↔ the form in which it is drawn: every part knows whether it is negated, so that {"not": …} is a
  word in front of a row and not a level of its own.
*/

export const QUESTIONS = [
  ["at_least", "at least"],
  ["at_most", "at most"],
  ["first_within", "for the first time in the last"],
  ["last_before", "for the last time at least"],
];

export const group = (mode, parts, negated = false) => ({ kind: "group", mode, parts, negated });

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

export function readRoot(text) {
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

export function writeRoot(root, places) {
  const [only] = root.parts;
  if (!root.parts.length) return null;
  return root.parts.length === 1 && !root.negated ? write(only, [], places) : write(root, [], places);
}

export const counts = (question) => question === "at_least" || question === "at_most";
