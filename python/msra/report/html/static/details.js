// The details of one row, and all rows as a table.

function panel() {
  return element("aside", { class: "panel", "aria-live": "polite", "aria-label": "Details of the chosen row" },
    element("p", { class: "quiet" }, "Choose a row of the ladder to see its details."));
}

function fill(panel, data, row, remarks, close) {
  const button = element("button", { type: "button", class: "quiet close", "aria-label": "Close the details" }, "Close");
  button.addEventListener("click", close);
  panel.replaceChildren(
    element("div", { class: "panel-head" }, element("h4", {}, ...breakable(row.type ?? row.title)), button),
    element("p", { class: "quiet" }, `Frame ${row.frame}${row.last ? ` to ${row.last}` : ""}, ${relative(row.at)}`,
      element("br"), absolute(data.start, row.at)),
    element("p", {}, sentence(row)),
    ...remarks.map((remark) => element("p", { class: `remark ${remark.severity}` }, element("b", {}, remark.head), " ", ...breakable(remark.text))),
    pairs(row.fields ?? []),
    ...(row.notes ?? []).map((note) => element("p", { class: "remark info" }, element("b", {}, "Note"), ` ${capitalised(note)}.`)));
}

// Long names may break after their underscores.
function breakable(text) {
  return text.split(/(?<=_)/).flatMap((part) => [part, element("wbr")]);
}

function sentence(row) {
  if (row.kind === "moment") {
    return row.title;
  }
  if (row.kind === "gap") {
    return `From the ${row.from}: ${row.label}.`;
  }
  const way = `${capitalised(row.from)} to ${other(row.from)}, channel ${row.channel}.`;
  return row.meaning ? `${way} ${row.label}: ${row.meaning}` : way;
}

function pairs(fields) {
  return element("dl", { class: "fields" }, ...fields.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", { class: value === "<masked>" ? "masked" : "" }, value))));
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function asTable(rows) {
  const line = (row) => element("tr", {},
    element("td", { class: "number" }, relative(row.at)), element("td", { class: "number" }, row.frame),
    element("td", {}, row.from ?? ""), element("td", {}, element("b", {}, row.kind === "message" ? row.type : ""), " ",
      row.kind === "moment" ? row.title : (row.kind === "gap" ? `${row.title}: ${row.label}` : (row.meaning ? `${row.label}: ${row.meaning}` : "")),
      row.kind === "message" && row.fields.length ? pairs(row.fields) : null,
      ...(row.notes ?? []).map((note) => element("p", { class: "quiet" }, note))));
  const names = ["Time", "Frame", "From", "Event"].map((name) => element("th", { scope: "col" }, name));
  return element("table", { class: "plain" }, element("thead", {}, element("tr", {}, ...names)), element("tbody", {}, ...rows.map(line)));
}
