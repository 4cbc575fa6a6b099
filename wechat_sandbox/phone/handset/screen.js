/** Show the title of the conversation, the clock, the unread badge, and either the chat or the account's card. */

/** @import { Hand } from "./hand.js" */

import { query } from "../query.js";
import { t } from "../words.js";

/**
 * @param {HTMLElement} screen
 * @param {Hand} hand
 */
export function screenView(screen, hand) {
  const title = query(screen, ".conversation header h1");
  const badge = query(screen, ".conversation .back .badge");
  const offline = query(screen, ".offline");
  const stale = query(screen, ".menu-stale");
  const clock = query(screen, ".status-bar time");
  let card = false;

  function draw() {
    const stranger = !hand.user?.subscribed;
    screen.classList.toggle("stranger", stranger || card);
    title.textContent = hand.typing ? t("chat.typing") : stranger || card ? "" : (hand.account.name ?? "");
  }

  function tick() {
    clock.textContent = new Date(hand.now() * 1000).toTimeString().slice(0, 5);
  }

  /** Tell the developer who has changed the menu why this phone still shows the older one. */
  function drawStale() {
    const seconds = hand.menu.stale_seconds ?? 0;
    stale.hidden = seconds === 0;
    stale.textContent = t("menu.stale", { seconds });
  }

  for (const event of ["account", "user", "typing"]) hand.addEventListener(event, draw);
  hand.addEventListener("held", () => showCard(false));
  hand.addEventListener("online", () => (offline.hidden = hand.world.online));
  hand.addEventListener("clock", tick);
  hand.addEventListener("menu", drawStale);
  hand.addEventListener("unread", () => {
    const count = hand.world.unseen(hand.openid).size;
    badge.hidden = count === 0;
    badge.textContent = String(count);
  });
  tick();
  setInterval(tick, 1000);

  /**
   * Show the account's card instead of the chat.
   * @param {boolean} on
   */
  function showCard(on) {
    card = on;
    draw();
  }

  return { showCard };
}
