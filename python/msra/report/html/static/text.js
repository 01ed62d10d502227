"use strict";
// Elements and words. What comes from a capture enters the page as text only: nothing here makes markup of a string.

const SVG = "http://www.w3.org/2000/svg";

function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Nanoseconds since the start of the session, as the text report writes them.
function relative(at) {
  return `${at < 0 ? "−" : "+"}${(Math.abs(at) / 1e9).toFixed(3)} s`;
}

// The absolute time, UTC, with all digits; `start` is nanoseconds since 1970 as text.
function absolute(start, at) {
  const time = BigInt(start) + BigInt(at);
  const second = 1000000000n;
  const fraction = ((time % second) + second) % second;
  const date = new Date(Number((time - fraction) / 1000000n));
  return Number.isNaN(date.getTime()) ? `${time} ns` : `${date.toISOString().slice(0, 19)}.${String(fraction).padStart(9, "0")}Z`;
}

function duration(nanoseconds) {
  const seconds = nanoseconds / 1e9;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function holds(row, frame) {
  return row.frame <= frame && frame <= (row.last ?? row.frame);
}

// Whether a row is of one of these frames, a Set.
function touches(row, frames) {
  return row.last === undefined ? frames.has(row.frame) : [...frames].some((frame) => holds(row, frame));
}

function other(role) {
  return role === "expert" ? "novice" : "expert";
}

// A row's name, for who does not see the diagram: what stands at it, in the same order, and who sent it.
function spoken(row) {
  const visible = [relative(row.at), shownText(row), `#${row.frame}`].join(" ");
  return row.kind === "message" ? `${visible}, ${row.from} to ${other(row.from)}` : `${visible}${row.from ? `, ${row.from}` : ""}`;
}

function shownText(row) {
  return { message: `${row.title} ${row.label}`.trim(), gap: `${row.title}: ${row.label}` }[row.kind] ?? row.title;
}

// Widths of text in the diagram, without a layout.
const measure = (() => {
  const context = document.createElement("canvas").getContext("2d");
  return (text, font) => {
    context.font = font;
    return context.measureText(text).width;
  };
})();

// As much of a text as fits.
function fitted(text, font, width) {
  if (measure(text, font) <= width) {
    return text;
  }
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${text.slice(0, middle)}…`, font) <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low ? `${text.slice(0, low).trimEnd()}…` : "";
}
