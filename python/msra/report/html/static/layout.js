// Where the rows of a ladder stand: evenly, with a remark where nothing was said for long, or in proportion to time.

const HEIGHTS = { message: 38, moment: 24, gap: 44 };
const PAUSE = 1e9; // nanoseconds without a row that are worth a remark
const PAUSE_HEIGHT = 28;
const TALLEST = 24000; // pixels that a proportional ladder may have, at most

// `edge`: pixels above the first row and below the last one.
function placed(rows, { proportional, zoom, edge }) {
  return proportional ? byTime(rows, zoom, edge) : evenly(rows, zoom, edge);
}

function evenly(rows, zoom, edge) {
  const places = [];
  const pauses = [];
  let y = edge;
  rows.forEach((row, index) => {
    const quiet = index ? row.at - rows[index - 1].at : 0;
    if (quiet >= PAUSE) {
      pauses.push({ y: y + 20, length: quiet });
      y += PAUSE_HEIGHT;
    }
    y += HEIGHTS[row.kind] * zoom;
    places.push(y);
  });
  return { places, pauses, height: y + edge };
}

// Rows that are close to each other keep a distance at which they can be read.
function byTime(rows, zoom, edge) {
  const first = rows.length ? rows[0].at : 0;
  const last = rows.reduce((latest, row) => Math.max(latest, row.at), first);
  const room = Math.min(TALLEST, rows.length * 48 * zoom);
  const each = last > first ? room / (last - first) : 0;
  const places = [];
  let y = edge;
  for (const row of rows) {
    y = Math.max(y + HEIGHTS[row.kind] * 0.85, edge + 30 + (row.at - first) * each);
    places.push(y);
  }
  return { places, pauses: [], height: y + edge };
}
