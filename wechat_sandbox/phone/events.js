/**
 * Listens to the sandbox's server-sent events and reconnects for ever.
 * Promise: `onopen` runs on every (re)connection, so whoever reloads there has missed nothing.
 */

const TYPES = [
  "user", "message", "menu", "waiting", "delivery", "call", "clock", "callback", "settings", "faults", "typing", "share", "login", "sms", "snapshot", "reset",
];
/**
 * The sandbox drops a reader who falls far behind; such a one comes back at once and reads all anew. Only a
 * sandbox that stays away is worth telling, and is asked less often.
 */
const SOON = 100;
const RETRY = 1000;

export function listen({ onopen, onlost, onevent }) {
  let wait = SOON;

  function connect() {
    const source = new EventSource("/_sandbox/events");
    source.addEventListener("open", () => {
      wait = SOON;
      onopen();
    });
    for (const type of TYPES) {
      source.addEventListener(type, (event) => onevent(type, JSON.parse(event.data)));
    }
    source.addEventListener("error", () => {
      source.close();
      if (wait !== SOON) onlost();
      setTimeout(connect, wait);
      wait = RETRY;
    });
  }

  connect();
}
