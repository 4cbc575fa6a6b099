/** Show the users at the side. Each user has a phone, and up to three phones lie on the table. */

/** @import { World } from "./world.js" */
/** @import { User } from "./types.js" */

import { avatar, button, el, place } from "./dom.js";
import { icon } from "./icons.js";
import { focused, query } from "./query.js";
import { MOST } from "./table.js";
import { t } from "./words.js";

/**
 * @param {HTMLElement} root
 * @param {World} world
 * @param {ReturnType<typeof import("./table.js").tableView>} table
 * @param {{ hold: (openid: string) => void, follow: (openid: string) => void, unfollow: (openid: string) => void }} actions
 */
export function peopleView(root, world, table, { hold, follow, unfollow }) {
  const list = query(root, "ul");
  const counter = query(root, ".phones-count");
  /**
   * The rows by openid. A row is built anew only when something that it shows has changed; `focused` is
   * then the class of the button in it that had the focus.
   * @type {Map<string, { drawn: string, node: HTMLElement, focused: string | null }>}
   */
  let rows = new Map();

  /** @param {User} user */
  function row({ openid, nickname, avatar: face, subscribed }) {
    const { openids, current } = table;
    const held = openids.includes(openid);
    const active = current?.hand.openid === openid;
    const news = world.hasNews(openid);
    const drawn = [nickname, face, subscribed, held, active, news].join("\n");
    const known = rows.get(openid);
    if (known?.drawn === drawn) return known;
    const before = focused();
    const hadFocus = before && known?.node.contains(before) ? before.className : null;
    const node = el("li", { class: `person${active ? " active" : ""}${held ? " held" : ""}` },
      button({ class: "choose", "data-testid": "user", "data-openid": openid, "aria-current": active ? "true" : null, onclick: () => hold(openid) },
        el("span", { class: "face" }, avatar(face, nickname), news ? el("span", { class: "dot", role: "img", "aria-label": t("people.unread") }) : null),
        el("span", { class: "words" },
          el("span", { class: "name" }, nickname),
          el("span", { class: subscribed ? "mark on" : "mark" }, t(subscribed ? "people.follows" : "people.stranger")))),
      button({ class: subscribed ? "switch" : "switch follows", "aria-label": `${nickname} ${t(subscribed ? "unfollow" : "profile.follow")}`, onclick: () => (subscribed ? unfollow(openid) : follow(openid)) },
        t(subscribed ? "people.unfollow" : "people.follow")));
    return { drawn, node, focused: hadFocus };
  }

  function draw() {
    rows = new Map([...world.users.values()].map((user) => [user.openid, row(user)]));
    place(list, [...rows.values()].map(({ node }) => node));
    for (const entry of rows.values()) {
      if (entry.focused) query(entry.node, `[class="${entry.focused}"], button`).focus({ preventScroll: true });
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
