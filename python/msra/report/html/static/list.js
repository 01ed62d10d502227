// The table of sessions: sorted by a click on a column's name, filtered by outcome and by words.

class SessionList {
  constructor(table, form) {
    this.body = table.tBodies[0];
    this.rows = [...this.body.rows];
    this.texts = new Map(this.rows.map((row) => [row, `${row.textContent} ${row.dataset.find}`.toLowerCase()]));
    this.form = form;
    this.status = form.querySelector("[role=status]");
    this.heads = [...table.tHead.rows[0].cells];
    form.hidden = false;
    this.heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => this.sort(head, column)));
    form.addEventListener("click", (event) => this.press(event.target.closest(".chip")));
    form.addEventListener("input", () => this.filter());
    form.addEventListener("submit", (event) => event.preventDefault());
    this.body.addEventListener("click", (event) => {
      if (!event.target.closest("a") && !window.getSelection().toString()) {
        location.hash = event.target.closest("tr").querySelector("a").hash;
      }
    });
    this.filter();
  }

  sort(head, column) {
    const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    this.heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    const keys = new Map(this.rows.map((row) => [row, keyOf(row.cells[column])]));
    this.rows.sort((one, two) => way * compared(keys.get(one), keys.get(two)));
    this.body.append(...this.rows);
  }

  press(chip) {
    if (chip) {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "true" ? "false" : "true");
      this.filter();
    }
  }

  filter() {
    const outcomes = new Set([...this.form.querySelectorAll(".chip[aria-pressed=true]")].map((chip) => chip.dataset.outcome));
    const words = this.form.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of this.rows) {
      row.hidden = (outcomes.size > 0 && !outcomes.has(row.dataset.outcome)) ||
        !words.every((word) => this.texts.get(row).includes(word));
      count += row.hidden ? 0 : 1;
    }
    this.status.textContent = count === this.rows.length ? `${count} sessions` : `${count} of ${this.rows.length} sessions`;
  }

  get shown() {
    return this.rows.filter((row) => !row.hidden).map((row) => row.querySelector("a").hash.slice(1));
  }
}

function keyOf(cell) {
  return cell.dataset.value === undefined ? cell.textContent : BigInt(cell.dataset.value);
}

function compared(one, two) {
  return typeof one === "string" ? one.localeCompare(two, undefined, { numeric: true }) : one < two ? -1 : Number(one > two);
}
