/** The users at the side: each one has a phone of their own, and up to three of them lie on the table. */

import { avatar, button, el, place } from "./dom.js";
import { icon } from "./icons.js";
import { MOST } from "./table.js";
import { t } from "./words.js";

export function peopleView(root, world, table, { hold, follow, unfollow }) {
  const list = root.querySelector("ul");
  const counter = root.querySelector(".phones-count");
  /** openid -> {drawn, node}: a row is only built anew when something about it has changed. */
  let rows = new Map();

  function row({ openid, nickname, avatar: face, subscribed }) {
    const { openids, current } = table;
    const held = openids.includes(openid);
    const active = current?.hand.openid === openid;
    const news = world.hasNews(openid);
    const drawn = [nickname, face, subscribed, held, active, news].join("\n");
    const known = rows.get(openid);
    if (known?.drawn === drawn) return known;
    const focused = known?.node.contains(document.activeElement) ? document.activeElement.className : null;
    const node = el("li", { class: `person${active ? " active" : ""}${held ? " held" : ""}` },
      button({ class: "choose", "data-testid": "user", "data-openid": openid, "aria-current": active ? "true" : null, onclick: () => hold(openid) },
        el("span", { class: "face" }, avatar(face, nickname), news ? el("span", { class: "dot", role: "img", "aria-label": t("people.unread") }) : null),
        el("span", { class: "words" },
          el("span", { class: "name" }, nickname),
          el("span", { class: subscribed ? "mark on" : "mark" }, t(subscribed ? "people.follows" : "people.stranger")))),
      button({ class: subscribed ? "switch" : "switch follows", "aria-label": `${nickname} ${t(subscribed ? "unfollow" : "profile.follow")}`, onclick: () => (subscribed ? unfollow(openid) : follow(openid)) },
        t(subscribed ? "people.unfollow" : "people.follow")));
    return { drawn, node, focused };
  }

  function draw() {
    rows = new Map([...world.users.values()].map((user) => [user.openid, row(user)]));
    place(list, [...rows.values()].map(({ node }) => node));
    for (const entry of rows.values()) {
      if (entry.focused) entry.node.querySelector(`[class="${entry.focused}"], button`)?.focus({ preventScroll: true });
      entry.focused = null;
    }
    drawCounter();
  }

  function drawCounter() {
    const count = table.openids.length;
    const most = Math.min(MOST, Math.max(1, world.users.size));
    const drawn = `${count} of ${most}`;
    if (counter.dataset.drawn === drawn) return;
    counter.dataset.drawn = drawn;
    counter.replaceChildren(...Array.from({ length: MOST }, (_, index) => index + 1).map((number) => {
      const words = t(number > most ? "people.phonesTooMany" : "people.phonesOf", { count: number });
      return button({ role: "radio", "aria-checked": String(number === count), disabled: number > most, "data-testid": `phones-${number}`, title: words, "aria-label": words, onclick: () => table.setCount(number) },
        Array.from({ length: number }, () => icon("phone")));
    }));
  }

  world.addEventListener("users", draw);
  table.news.addEventListener("hands", draw);
}
