// Follow this browser's login: by server-sent events, or by a request every two seconds where those fail.
const page = /** @type {HTMLElement} */ (document.getElementById("login"));
const POLL = 2000;
const tries = Number(new URLSearchParams(location.search).get("wait") || 0);
let over = false;

/**
 * Load the page as it is now. `wait` keeps it from making a new code: only a person asks for one.
 * @param {number} wait
 */
function look(wait) {
  location.replace(`${page.dataset.here}&wait=${wait}`);
}

/** @param {{ status: string, version?: string }} login */
function show({ status, version }) {
  if (status === "confirmed" || status === "none" || (version && version !== page.dataset.version)) {
    // Confirmed: the page itself finishes the login. None: it has expired, or another tab has finished it.
    // Another version: another tab has got a new code.
    page.dataset.status = status === "confirmed" ? status : page.dataset.status;
    over = true;
    look(1);
    return;
  }
  page.dataset.status = status; // go on after a refusal: another tab can get a new code
}

async function poll() {
  while (!over) {
    try {
      const answer = await fetch("/login/status", { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
    } catch {
      page.dataset.status = "lost";
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

function listen() {
  const events = new EventSource("/login/events");
  let heard = false;
  events.onmessage = (message) => {
    heard = true;
    show(JSON.parse(message.data));
    if (over) events.close();
  };
  events.onerror = () => {
    // The browser reopens a stream that ends after a while; a stream that never began is refused.
    if (over || (heard && events.readyState !== EventSource.CLOSED)) return;
    events.close();
    page.dataset.followed = "polling";
    poll();
  };
}

if (["waiting", "scanned", "refused"].includes(page.dataset.status ?? "")) {
  if (window.EventSource) listen();
  else poll();
}
// Another tab's login can be about to reach this browser's cookies: look once more.
if (page.dataset.status === "none" && tries === 1) setTimeout(() => look(2), 1000);
// A page that comes back from the browser's memory can be out of date.
addEventListener("pageshow", (event) => { if (event.persisted) look(1); });
