// The ladder as SVG: the expert's line on the left, the novice's on the right, time to the left, frames to the right.

const BOLD = "600 13px system-ui, sans-serif";
const PLAIN = "13px system-ui, sans-serif";
const SMALL = "12px system-ui, sans-serif";

function sides(rows, width) {
  const narrow = width < 560;
  const times = rows.reduce((widest, row) => Math.max(widest, measure(relative(row.at), SMALL)), 56);
  const left = times + (narrow ? 18 : 38);
  const right = width - (narrow ? 14 : 86);
  return { narrow, width, left, right, expert: left, novice: right };
}

function drawn(data, rows, width, options) {
  const at = sides(rows, width);
  const { places, pauses, height } = placed(rows, options);
  const picture = shape("svg", {
    class: "ladder", width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": `Ladder diagram, ${rows.length} rows: the expert on the left, the novice on the right. ` +
      "The arrow keys move from row to row, Enter shows the details.",
  });
  picture.append(...bands(data, rows, places, at, height));
  for (const role of ["expert", "novice"]) {
    picture.append(lifeline(role, rows, places, at, height));
  }
  picture.append(...pauses.map((pause) => pauseMark(pause, at)));
  rows.forEach((row, index) => picture.append(rowMark(row, places[index], index, at, data, options)));
  return picture;
}

// Control is shared: a band between the lines, and both lines thick.
function bands(data, rows, places, at, height) {
  return data.control.flatMap(([from, to]) => {
    const first = rows.findIndex((row) => row.frame >= from);
    if (first < 0 || (to !== null && rows[0].frame > to)) {
      return [];
    }
    const last = to === null ? -1 : rows.findIndex((row) => row.frame >= to);
    const top = rows[first].frame > from && first === 0 ? 0 : places[first];
    const tall = Math.max((last < 0 ? height : places[last]) - top, 4);
    const bar = (x) => shape("rect", { class: "control-bar", x: x - 3, y: top, width: 6, height: tall, rx: 3 });
    const area = { class: "control-area", x: at.left, y: top, width: at.right - at.left, height: tall };
    return [shape("rect", area, shape("title", {}, "Shared control")), bar(at.left), bar(at.right)];
  });
}

// A side's line, broken where something it sent could not be read.
function lifeline(role, rows, places, at, height) {
  const x = at[role];
  let path = `M${x} 0`;
  rows.forEach((row, index) => {
    if (row.kind === "gap" && row.from === role) {
      const y = places[index] - 10;
      path += `V${y - 9}M${x - 6} ${y - 2}l12 -7M${x - 6} ${y + 9}l12 -7M${x} ${y + 9}`;
    }
  });
  return shape("path", { class: `lifeline ${role}`, d: `${path}V${height}` });
}

function pauseMark(pause, at) {
  const middle = (at.left + at.right) / 2;
  return shape("text", { class: "pause", x: middle, y: pause.y + 4, "text-anchor": "middle" }, `${duration(pause.length)} later`);
}

function rowMark(row, y, index, at, data, options) {
  const classes = ["row", row.kind, row.from ?? "nobody"];
  if (row.outcome && row.outcome !== "established") {
    classes.push("bad");
  }
  if (data.decides !== null && holds(row, data.decides) && row.kind === "message") {
    classes.push("deciding");
  }
  if (options.lit.has(row)) {
    classes.push("lit");
  }
  const above = row.kind === "message" ? 28 : 16;
  const line = row.kind === "message" ? y - 3 : y;
  return shape("g", {
    class: classes.join(" "), role: "button", tabindex: "-1", "data-index": index,
    "aria-label": spoken(row), "aria-pressed": String(options.selected === row),
  },
  shape("rect", { class: "hit", x: 1, y: y - above, width: at.width - 2, height: above + 8, rx: 5 }),
  shape("text", { class: "time", x: at.left - 12, y: line, "text-anchor": "end" }, relative(row.at)), " ",
  ...MARKS[row.kind](row, y, at), " ",
  at.narrow ? null : shape("text", { class: "frame", x: at.right + 14, y: line }, `#${row.frame}`),
  at.narrow ? null : severityMark(options.severities.get(row), at.width - 18, line - 5));
}

// A finding is about this row.
function severityMark(severity, x, y) {
  return severity ? shape("path", { class: `severity ${severity}`, d: `M${x - 6} ${y + 5}l6 -11l6 11z` }) : null;
}

const MARKS = {
  message(row, y, at) {
    const [from, to] = [at[row.from], at[other(row.from)]];
    const way = Math.sign(to - from);
    const room = at.right - at.left - 24;
    const title = fitted(row.title, BOLD, room);
    const label = fitted(row.label, PLAIN, room - measure(title, BOLD) - 12);
    return [
      shape("line", { class: "arrow", x1: from + way * 5, y1: y, x2: to - way * 9, y2: y }),
      shape("path", { class: "head", d: `M${to - way * 4} ${y}l${-way * 9} -5v10z` }),
      shape("text", { class: "what", x: (at.left + at.right) / 2, y: y - 8, "text-anchor": "middle" },
        shape("tspan", { class: "title" }, title), label ? " " : null, label ? shape("tspan", { dx: 4, class: "label" }, label) : null),
    ];
  },

  moment(row, y, at) {
    const room = at.right - at.left - 32;
    const [x, anchor, text] = {
      expert: [at.left, "start", at.left + 12], novice: [at.right, "end", at.right - 12],
    }[row.from] ?? [(at.left + at.right) / 2, "middle", (at.left + at.right) / 2];
    return [
      row.from ? shape("circle", { class: "dot", cx: x, cy: y - 4, r: 4 }) : null,
      shape("text", { class: "what", x: text, y, "text-anchor": anchor }, fitted(row.title.slice(0, 200), SMALL, room)),
    ];
  },

  gap(row, y, at) {
    const room = at.right - at.left - 32;
    const [x, anchor] = row.from === "expert" ? [at.left + 14, "start"] : [at.right - 14, "end"];
    return [shape("text", { class: "what", x, y: y - 6, "text-anchor": anchor }, fitted(shownText(row), SMALL, room))];
  },
};
