// Puts what the daemon sends in its place, and says loudly when it sends nothing any more.
"use strict";
(() => {
  const SILENT_MS = 12000; // The daemon sends its clock every five seconds.
  const AGAIN_MS = 10000;
  const board = document.getElementById("board");
  const lost = document.getElementById("lost");
  const said = document.getElementById("said");
  const suffix = " · buzzwatch";
  let heard = Date.now();
  let stream = null;

  const sentence = () => document.querySelector("#lead h1").textContent;
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html"); // Nothing in it runs.
  const clock = () => document.querySelector("#clock time").textContent;

  function replace(old, fresh) {
    if (old.open) fresh.open = true;
    for (const each of old.querySelectorAll("details[open]")) {
      const same = fresh.querySelector("#" + CSS.escape(each.id));
      if (same) same.open = true;
    }
    if (!old.isEqualNode(fresh)) old.replaceWith(fresh);
  }

  function place(parts) {
    const focus = focused();
    const before = sentence();
    for (const [id, html] of Object.entries(parts)) {
      const old = document.getElementById(id);
      const fresh = parsed(html).body.firstElementChild;
      if (old && fresh) replace(old, fresh);
    }
    if (focus && document.activeElement === document.body) {
      const again = document.querySelector(focus);
      if (again) again.focus({ preventScroll: true });
    }
    if (sentence() !== before) said.textContent = sentence();
    found();
  }

  // Where the keyboard is: an element with an id, or the summary of one.
  function focused() {
    const at = document.activeElement;
    if (!at || at === document.body) return "";
    if (at.id) return "#" + CSS.escape(at.id);
    const around = at.closest("details[id]");
    return around ? "#" + CSS.escape(around.id) + " > summary" : "";
  }

  function found() {
    heard = Date.now();
    lost.hidden = true;
    board.classList.remove("old");
    document.title = sentence() + suffix;
  }

  function lose() {
    if (!lost.hidden) return;
    lost.textContent = lost.dataset.says.replace("{when}", clock());
    lost.hidden = false;
    board.classList.add("old");
    document.title = "✕ " + lost.textContent;
  }

  function open() {
    if (stream) stream.close();
    stream = new EventSource("events");
    stream.addEventListener("parts", (event) => {
      // Another process may bring another script: load the page anew, now that somebody answers.
      if (!event.lastEventId.startsWith(board.dataset.version + "-")) location.reload();
      else place(JSON.parse(event.data));
    });
    stream.addEventListener("revoked", () => location.reload());
  }

  // Where no stream is to be had (too many, a proxy that forbids it), the page itself is asked for.
  async function fetchPage() {
    try {
      const answer = await fetch("status", { cache: "no-store" });
      if (answer.status === 404) location.reload();
      if (!answer.ok) return;
      const page = parsed(await answer.text());
      const parts = {};
      for (const id of ["lead", "clock", "incidents", "brands", "rest", "sources", "works"]) {
        const each = page.getElementById(id);
        if (each) parts[id] = each.outerHTML;
      }
      place(parts);
    } catch {
      // Nobody answers: the page says so by itself.
    }
  }

  setInterval(() => {
    if (Date.now() - heard > SILENT_MS) lose();
  }, 1000);
  setInterval(() => {
    if (stream.readyState === EventSource.CLOSED) {
      fetchPage();
      open();
    } else if (Date.now() - heard > 3 * SILENT_MS) {
      open(); // A connection that died without a word.
    }
  }, AGAIN_MS);
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  open();
})();
