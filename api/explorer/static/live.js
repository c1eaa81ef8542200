// The front page, live: on each word from the server (SSE) it fetches the rendered movements and sums again and swaps
// them in. The browser reconnects a broken stream by itself; a closed one is opened again here.
const part = document.querySelector("[data-live]");
const state = document.querySelector("#live-state");
const say = document.querySelector("#live-say");
const PAUSE = 1500; // at most one fetch in this time, however fast the ledger moves
let due = 0;
let last = 0;

const show = (on) => {
  state.textContent = on ? "live" : "not live now, trying again";
  state.classList.toggle("on", on);
};

async function refresh() {
  due = 0;
  last = Date.now();
  try {
    const answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const seen = new Set([...part.querySelectorAll("[data-key]")].map((e) => e.dataset.key));
    const arrived = [...fresh.querySelectorAll("[data-key]")].filter((e) => !seen.has(e.dataset.key));
    arrived.forEach((e) => e.classList.add("new"));
    // Keep the keyboard's place when the list is swapped under it.
    const focus = document.activeElement?.closest("[data-key]")?.dataset.key;
    for (const id of ["totals", "moves"]) document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
    if (focus) part.querySelector(`[data-key="${CSS.escape(focus)}"] a`)?.focus();
    if (arrived.length) say.textContent = arrived.map((e) => e.querySelector(".what").textContent.trim().replace(/\s+/g, " ")).slice(0, 3).join(". ");
    document.dispatchEvent(new Event("moa:arrived"));
  } catch {
    // The server is away for a moment: what is shown stays, and the stream's own state says so.
  }
}

const soon = () => {
  if (!due) due = setTimeout(refresh, Math.max(0, last + PAUSE - Date.now()));
};

function connect() {
  const stream = new EventSource(part.dataset.stream);
  stream.onopen = () => show(true);
  stream.onmessage = soon;
  stream.addEventListener("reload", soon); // the chain was rewound, or too much was missed
  stream.onerror = () => {
    show(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  };
}

if (part && window.EventSource) {
  state.hidden = false;
  show(false);
  connect();
}
