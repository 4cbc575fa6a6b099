/**
 * Listens to the sandbox's server-sent events and reconnects for ever.
 * Promise: `onopen` runs on every (re)connection, so whoever reloads there has missed nothing.
 */

const TYPES = ["user", "message", "menu", "delivery", "call", "clock", "callback", "typing", "reset"];
const RETRY = 1500;

export function listen({ onopen, onlost, onevent }) {
  const source = new EventSource("/_sandbox/events");
  source.addEventListener("open", onopen);
  for (const type of TYPES) {
    source.addEventListener(type, (event) => onevent(type, JSON.parse(event.data)));
  }
  source.addEventListener("error", () => {
    onlost();
    // A refused connection is retried by the browser; an HTTP error closes the source for good.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen({ onopen, onlost, onevent }), RETRY);
    }
  });
}
