// Follows this browser's login: by server-sent events, and by asking every two seconds where those fail.
const page = document.getElementById("login");
const POLL = 2000;
let over = false;

function show({ status, version }) {
  if (status === "confirmed" || (version && version !== page.dataset.version)) {
    // Confirmed: the page itself finishes the login. Another version: another tab has got a new code.
    page.dataset.status = status === "confirmed" ? status : page.dataset.status;
    over = true;
    location.reload();
    return;
  }
  // `none` before the code has lapsed by our own clock: finished or renewed in another tab.
  page.dataset.status = status;
  over = status === "refused" || status === "none";
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
    // A stream that ends after a while is opened anew by the browser; one that never began is refused.
    if (over || (heard && events.readyState !== EventSource.CLOSED)) return;
    events.close();
    page.dataset.followed = "polling";
    poll();
  };
}

if (page.dataset.status === "waiting" || page.dataset.status === "scanned") {
  if (window.EventSource) listen();
  else poll();
}
// A page that comes back from the browser's memory may be long out of date.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
