// Which part of the report is seen: the list, or one session; its colours; and what is printed.

const MOST_PRINTED = 60; // sessions with their ladders; of more, only the open one is printed

class Pages {
  constructor() {
    this.sessions = [...document.querySelectorAll("article.session")];
    this.ladders = new Map();
    this.index = document.getElementById("index");
    this.scroll = 0;
    const table = document.querySelector("table.sessions");
    this.list = table ? new SessionList(table, document.querySelector(".filters")) : null;
    window.addEventListener("hashchange", () => this.route());
    window.addEventListener("beforeprint", () => this.prepare());
    window.addEventListener("afterprint", () => this.restore());
    this.route();
  }

  route() {
    if (location.hash === "#main") {
      return; // the way past the header; what is open stays open
    }
    const [, id, frame] = /^#(s\d+)(?:-f(\d+))?$/.exec(location.hash) ?? [];
    const chosen = this.sessions.find((session) => session.id === id);
    const alone = this.sessions.length === 1;
    if (chosen || alone) {
      this.open(chosen ?? this.sessions[0], alone, frame);
    } else {
      this.close();
    }
    if (!chosen && location.hash.length > 1) {
      this.uncover(document.getElementById(location.hash.slice(1)));
    }
  }

  open(session, alone, frame) {
    if (!alone && !this.index.hidden) {
      this.scroll = window.scrollY;
    }
    this.index.hidden = !alone;
    const before = this.current;
    this.current = session;
    this.sessions.forEach((one) => one.classList.toggle("open", one === session));
    const title = session.querySelector("h2");
    document.title = `${title.firstChild.textContent.trim()} – Remote Assistance report`;
    const ladder = this.ladder(session);
    if (!alone && before !== session) {
      window.scrollTo(0, 0);
      title.focus({ preventScroll: true });
    }
    if (frame) {
      ladder.show(new Set([Number(frame)]));
    }
  }

  close() {
    const before = this.current;
    this.current = null;
    this.index.hidden = false;
    this.sessions.forEach((one) => one.classList.remove("open"));
    document.title = "Remote Assistance report";
    if (before) {
      window.scrollTo(0, this.scroll);
      document.querySelector(`table.sessions a[href="#${before.id}"]`)?.focus({ preventScroll: true });
    }
  }

  // A place in the list: what hides it is opened.
  uncover(target) {
    const details = target?.closest("details");
    if (details) {
      details.open = true;
    }
    if (target && location.hash !== "#sessions") {
      target.scrollIntoView();
    }
  }

  ladder(session) {
    if (!this.ladders.has(session)) {
      this.ladders.set(session, new Ladder(session));
    }
    return this.ladders.get(session);
  }

  prepare() {
    const shown = this.list ? this.list.shown.map((id) => document.getElementById(id)) : this.sessions;
    this.printed = this.current ? [this.current] : shown.length <= MOST_PRINTED ? shown : [];
    for (const session of this.printed) {
      session.classList.add("printed");
      this.ladder(session).print(700);
    }
    this.opened = [...document.querySelectorAll("#index details:not([open]), .printed details:not([open])")];
    this.opened.forEach((details) => {
      details.open = true;
    });
    this.printed.forEach((session) => this.ladder(session).fillTable());
  }

  restore() {
    this.opened.forEach((details) => {
      details.open = false;
    });
    for (const session of this.printed) {
      session.classList.remove("printed");
      this.ladder(session).draw();
    }
  }
}

function themes() {
  const [root, button] = [document.documentElement, document.getElementById("theme")];
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const name = () => {
    button.textContent = dark() ? "Light colours" : "Dark colours";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    name();
  });
  system.addEventListener("change", name);
  name();
}

// In a notebook's frame (HTML 4.8.5, srcdoc) a link to a fragment would lead to the page around it.
function staysInFrame(event) {
  const link = event.target.closest("a[href^='#']");
  if (link) {
    event.preventDefault();
    location.hash = link.getAttribute("href");
  }
}

document.documentElement.classList.add("js");
if (location.protocol === "about:") {
  document.addEventListener("click", staysInFrame);
}
document.addEventListener("DOMContentLoaded", () => {
  themes();
  new Pages();
});
