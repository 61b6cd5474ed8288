/*
  The rows of a table that can be dragged into order are moved by keyboard too: arrows on the handle. Rows that choose a
  group stand under its name; to drag, to move or to choose all put a row into another group. The numbers that are
  saved stay in inputs of the rows.
*/
"use strict";

const NUMBER = (table) => `input[name$="-${table.dataset.orderingField}"]`;

class Order {
  constructor(table) {
    this.table = table;
    this.rows().forEach((row) => this.handle(row));
    this.said = document.createElement("p");
    this.said.className = "order-said";
    this.said.setAttribute("role", "status");
    table.after(this.said);
    if (this.choice(this.rows()[0])) this.group();
    table.addEventListener("end", () => this.settle());
  }

  rows() { return [...this.table.querySelectorAll("tbody.form-group.original")]; }

  choice(row) { return row?.querySelector('select[name$="-group"]'); }

  name(row) { return row.querySelector("a, input[type=text]")?.textContent || row.querySelector("input[type=text]")?.value || "row"; }

  handle(row) {
    const handle = row.querySelector("[x-sort\\:handle]");
    if (!handle) return;
    Object.entries({ tabindex: "0", role: "button", "aria-label": `Move ${this.name(row)}: arrow up, arrow down`, title: "Drag, or use the arrow keys" })
      .forEach(([key, value]) => handle.setAttribute(key, value));
    handle.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      this.move(row, event.key === "ArrowUp");
      handle.focus();
    });
  }

  /* Past one neighbour: another row, or the name of a group. */
  move(row, up) {
    const neighbour = up ? row.previousElementSibling : row.nextElementSibling;
    if (!neighbour?.matches("tbody.form-group.original, tbody.order-group")) return;
    if (up && neighbour.matches(".order-group") && !neighbour.previousElementSibling?.matches("tbody")) return;
    if (up) neighbour.before(row);
    else neighbour.after(row);
    this.settle(row);
  }

  // --- Groups ---

  group() {
    const options = [...this.choice(this.rows()[0]).querySelectorAll("option")].filter(({ value }) => value);
    const first = this.rows()[0];
    options.forEach((option) => first.before(this.heading(option)));
    this.rows().forEach((row) => {
      this.under(row);
      this.choice(row).addEventListener("change", () => { this.under(row); this.settle(row); });
    });
    this.count();
  }

  heading(option) {
    const body = document.createElement("tbody");
    body.className = "order-group";
    body.dataset.group = option.value;
    const cell = document.createElement("th");
    cell.colSpan = 20;
    cell.scope = "rowgroup";
    cell.append(option.textContent.trim(), document.createElement("small"));
    body.append(document.createElement("tr"));
    body.firstElementChild.append(cell);
    return body;
  }

  /* To the end of the group it has chosen. */
  under(row) {
    let last = this.table.querySelector(`.order-group[data-group="${this.choice(row).value}"]`);
    if (!last) return;
    while (last.nextElementSibling?.matches("tbody.form-group.original") && last.nextElementSibling !== row) last = last.nextElementSibling;
    last.after(row);
  }

  /* After a move: the group is the one it stands under, and the numbers are those of the places. */
  settle(moved) {
    let group = null;
    for (const body of this.table.querySelectorAll("tbody")) {
      if (body.matches(".order-group")) group = body.dataset.group;
      else if (group && this.choice(body)) this.choice(body).value = group;
    }
    this.rows().forEach((row, place) => { row.querySelector(NUMBER(this.table)).value = place; });
    this.count();
    if (moved) this.say(moved);
  }

  count() {
    this.table.querySelectorAll(".order-group").forEach((heading) => {
      let rows = 0;
      for (let next = heading.nextElementSibling; next?.matches(".original"); next = next.nextElementSibling) rows += 1;
      heading.querySelector("small").textContent = rows ? "" : " no criterion yet";
    });
  }

  say(row) {
    const rows = this.rows();
    const group = this.choice(row)?.selectedOptions[0]?.textContent.trim();
    this.said.textContent = `${this.name(row)}: place ${rows.indexOf(row) + 1} of ${rows.length}${group ? `, in ${group}` : ""}. Saved with the page.`;
  }
}

document.querySelectorAll("table[data-ordering-field]").forEach((table) => new Order(table));
