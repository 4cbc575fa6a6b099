/** Show the account's card: to a stranger in the place of the chat, to a follower behind ⋯. */

/** @import { Word } from "../words.js" */
/** @import { Hand } from "./hand.js" */

import { avatar, button, el } from "../dom.js";
import { t, tell } from "../words.js";
import { ACCOUNT_AVATAR } from "../world.js";

/**
 * @param {HTMLElement} root
 * @param {Hand} hand
 * @param {{ follow: (openid: string) => void, message: () => void }} actions
 */
export function profileView(root, hand, { follow, message }) {
  function draw() {
    const { name, kind, original_id } = hand.account;
    /** @type {(key: Word, value: string) => HTMLElement} */
    const fact = (key, value) => el("div", {}, el("dt", {}, t(key)), el("dd", {}, value));
    root.replaceChildren(
      el("div", { class: "profile-head" },
        avatar(ACCOUNT_AVATAR, name, "avatar large"),
        el("div", {},
          el("h2", {}, name ?? ""),
          el("p", {}, tell(`account.kind.${kind}`, kind)),
          el("p", { class: "quiet" }, original_id ?? ""))),
      el("dl", { class: "facts" }, fact("profile.about", t("profile.aboutText")), fact("profile.owner", t("profile.ownerText"))),
      hand.user?.subscribed
        ? button({ class: "follow", "data-testid": "message", onclick: message }, t("profile.message"))
        : button({ class: "follow", "data-testid": "follow", onclick: () => follow(hand.openid) }, t("profile.follow")));
  }

  for (const event of ["account", "user"]) hand.addEventListener(event, draw);
}
