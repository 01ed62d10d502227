// One session's ladder: what is drawn of it, what is chosen, and the controls above it.

const AT_ONCE = 300; // rows; more come when asked for
const PRINTED_AT_ONCE = 4;

class Ladder {
  constructor(article) {
    this.article = article;
    this.section = article.querySelector(".diagram");
    this.data = JSON.parse(this.section.querySelector("script").textContent);
    this.options = { proportional: false, zoom: 1, edge: 14, moments: true, lit: new Set(), selected: null, severities: this.severities() };
    this.first = 0;
    this.most = AT_ONCE;
    this.build();
    this.listen();
    this.draw();
  }

  build() {
    const [expert, novice] = [...this.article.querySelectorAll(".facts dd")].map((value) => value.textContent);
    const end = (role, address) => element("div", { class: `end ${role}` }, element("b", {}, capitalised(role)), element("span", { class: "address" }, address));
    this.status = element("p", { class: "quiet", role: "status" });
    this.picture = element("div", { class: "picture" });
    this.before = element("button", { type: "button", class: "more", hidden: true });
    this.more = element("button", { type: "button", class: "more", hidden: true });
    this.panel = panel();
    this.table = element("details", { class: "as-table" }, element("summary", {}, "The ladder as a table"));
    this.section.append(
      this.toolbar(),
      element("div", { class: "stage" },
        element("div", { class: "sheet card" }, element("div", { class: "ends", "aria-hidden": "true" }, end("expert", expert), end("novice", novice)), this.before, this.picture, this.more),
        this.panel),
      this.table);
  }

  toolbar() {
    const radio = (name, text, checked) => element("label", {}, element("input", { type: "radio", name: `${this.article.id}-spacing`, value: name, checked }), element("span", {}, text));
    const zoom = element("input", { type: "range", min: "0.75", max: "4", step: "0.25", value: "1" });
    const moments = element("input", { type: "checkbox", checked: true });
    const bar = element("div", { class: "toolbar", role: "group", "aria-label": "The ladder's looks" },
      element("fieldset", { class: "switch" }, element("legend", { class: "unseen" }, "Spacing of the rows"), radio("even", "Even", true), radio("time", "By time", false)),
      element("label", {}, "Zoom ", zoom),
      element("label", {}, moments, " Connection steps"),
      this.data.control.length ? element("span", { class: "key" }, "Shared control") : null,
      this.status);
    bar.addEventListener("input", () => {
      this.options.proportional = bar.querySelector("input[value=time]").checked;
      this.options.zoom = Number(zoom.value);
      this.options.moments = moments.checked;
      this.draw();
    });
    this.moments = moments;
    return bar;
  }

  listen() {
    this.picture.addEventListener("click", (event) => this.choose(this.rowOf(event.target)));
    this.picture.addEventListener("keydown", (event) => this.key(event));
    this.picture.addEventListener("focusin", (event) => this.rove(event.target.closest(".row")));
    this.more.addEventListener("click", () => this.range(this.first, this.most + AT_ONCE));
    this.before.addEventListener("click", () => {
      const first = Math.max(0, this.first - AT_ONCE);
      this.range(first, this.most + this.first - first);
    });
    this.table.addEventListener("toggle", () => this.fillTable());
    this.article.addEventListener("click", (event) => this.follow(event));
    new ResizeObserver(() => {
      const width = this.picture.clientWidth;
      if (width && width !== this.width) {
        this.draw();
      }
    }).observe(this.picture);
  }

  // On paper: in parts that fit on a page.
  print(width) {
    this.width = width;
    const parts = [];
    for (let at = 0; at < this.rows.length; at += PRINTED_AT_ONCE) {
      parts.push(drawn(this.data, this.rows.slice(at, at + PRINTED_AT_ONCE), width, { ...this.options, edge: 5 }));
    }
    this.picture.replaceChildren(...parts);
  }

  draw(width = this.picture.clientWidth || 760) {
    const focused = this.rowOf(document.activeElement);
    const all = this.visible();
    this.first = Math.min(this.first, Math.max(0, all.length - 1));
    this.rows = all.slice(this.first, this.first + this.most);
    this.width = width;
    this.section.classList.toggle("empty", this.data.rows.length === 0);
    this.picture.replaceChildren(drawn(this.data, this.rows, width, this.options));
    const rest = all.length - this.first - this.rows.length;
    this.label(this.before, this.first, all.length, "earlier");
    this.label(this.more, rest, all.length, "more");
    this.rove(this.mark(focused ?? this.options.selected) ?? this.picture.querySelector(".row"));
    if (focused) {
      this.mark(focused)?.focus({ preventScroll: true });
    }
  }

  visible() {
    return this.data.rows.filter((row) => this.options.moments || row.kind !== "moment");
  }

  // Which rows are drawn: `most` of them from `first` on.
  range(first, most) {
    this.first = first;
    this.most = most;
    this.draw();
  }

  label(button, rows, all, word) {
    button.hidden = rows <= 0;
    button.textContent = `Draw ${Math.min(AT_ONCE, rows)} ${word} of ${all} rows`;
  }

  rowOf(node) {
    const mark = this.picture.contains(node) ? node.closest(".row") : null;
    return mark ? this.rows[Number(mark.dataset.index)] : null;
  }

  mark(row) {
    const index = row ? this.rows.indexOf(row) : -1;
    return index < 0 ? null : this.picture.querySelectorAll(".row")[index];
  }

  // Only one row at a time is a stop of the Tab key; the arrow keys go on from there.
  rove(mark) {
    this.picture.querySelectorAll(".row[tabindex='0']").forEach((one) => one.setAttribute("tabindex", "-1"));
    mark?.setAttribute("tabindex", "0");
  }

  choose(row) {
    if (!row) {
      return;
    }
    this.mark(this.options.selected)?.setAttribute("aria-pressed", "false");
    this.options.selected = row;
    this.mark(row)?.setAttribute("aria-pressed", "true");
    fill(this.panel, this.data, row, this.remarks(row), () => this.close());
    this.panel.classList.add("open");
  }

  close() {
    const mark = this.mark(this.options.selected);
    mark?.setAttribute("aria-pressed", "false");
    this.options.selected = null;
    this.panel.classList.remove("open");
    this.panel.replaceChildren(...panel().childNodes);
    mark?.focus();
  }

  findings() {
    return [...this.article.querySelectorAll(".finding:not(.gap)")];
  }

  // The findings that are about a row.
  remarks(row) {
    return this.findings().filter((finding) => touches(row, framesOf(finding)))
      .map((finding) => ({ severity: finding.dataset.severity, head: finding.firstChild.textContent, text: sentenceOf(finding) }));
  }

  // The rows that a warning or an error is about.
  severities() {
    const worst = new Map();
    for (const severity of ["warning", "error"]) {
      const findings = this.findings().filter((finding) => finding.dataset.severity === severity);
      const frames = new Set(findings.flatMap((finding) => [...framesOf(finding)]));
      this.data.rows.filter((row) => touches(row, frames)).forEach((row) => worst.set(row, severity));
    }
    return worst;
  }

  key(event) {
    const mark = event.target.closest(".row");
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" || event.key === " ") {
      this.choose(this.rowOf(mark));
    } else if (event.key === "Escape") {
      this.close();
    } else if (event.key in steps) {
      const at = Number(mark.dataset.index) + steps[event.key];
      const next = this.picture.querySelectorAll(".row")[Math.max(0, Math.min(this.rows.length - 1, at))];
      next.focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  follow(event) {
    const target = event.target.closest("a") ? null : event.target.closest(".show, .finding");
    if (target && !window.getSelection().toString()) {
      this.show(framesOf(target));
    }
  }

  // Highlight the rows of these frames, and go to the first.
  show(frames) {
    const rows = this.data.rows.filter((row) => touches(row, frames));
    this.status.textContent = rows.length ? "" : `Frame ${[...frames].join(", ")}: nothing of this session stands there.`;
    if (!rows.length) {
      return;
    }
    if (rows.some((row) => row.kind === "moment") && !this.options.moments) {
      this.options.moments = this.moments.checked = true;
    }
    this.options.lit = new Set(rows);
    this.uncover(rows[0]);
    this.choose(rows[0]);
    this.mark(rows[0]).focus({ preventScroll: true });
    this.mark(rows[0]).scrollIntoView({ block: narrow() ? "start" : "center", behavior: calm() ? "auto" : "smooth" });
  }

  // Draw a row, and not all that is before it if that is much.
  uncover(row) {
    const at = this.visible().indexOf(row);
    const drawn = at >= this.first && at < this.first + this.most;
    this.range(drawn ? this.first : Math.max(0, at - 50), drawn ? this.most : AT_ONCE);
  }

  fillTable() {
    if (this.table.open && !this.table.querySelector("table")) {
      this.table.append(element("div", { class: "wide card flush", tabindex: "0", role: "region", "aria-label": "The ladder as a table" }, asTable(this.data.rows)));
    }
  }
}

function framesOf(node) {
  const button = node.matches(".show") ? node : node.querySelector(".show");
  return new Set(button ? button.dataset.frames.split(" ").map(Number) : []);
}

function sentenceOf(finding) {
  const copy = finding.cloneNode(true);
  copy.querySelectorAll("b, .show").forEach((part) => part.remove());
  return copy.textContent.trim();
}

// The details lie over the ladder's lower half; see ladder.css.
function narrow() {
  return window.matchMedia("(max-width: 1000px)").matches;
}

function calm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
