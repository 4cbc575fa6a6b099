/** The phone's screen as a whole: its title, its clock, its unread badge, and whether chat or profile is on show. */

import { t } from "../words.js";

export function screenView(screen, hand) {
  const title = screen.querySelector(".conversation header h1");
  const badge = screen.querySelector(".conversation .back .badge");
  const offline = screen.querySelector(".offline");
  const stale = screen.querySelector(".menu-stale");
  const clock = screen.querySelector(".status-bar time");
  let card = false;

  function draw() {
    const stranger = !hand.user?.subscribed;
    screen.classList.toggle("stranger", stranger || card);
    title.textContent = hand.typing ? t("chat.typing") : stranger || card ? "" : (hand.account.name ?? "");
  }

  function tick() {
    clock.textContent = new Date(hand.now() * 1000).toTimeString().slice(0, 5);
  }

  /** A phone keeps its menu for a while; whoever has just changed it should know why nothing happens. */
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

  /** The account's card instead of the chat. */
  function showCard(on) {
    card = on;
    draw();
  }

  return { showCard };
}
