/** The account's card, seen by a user who does not follow it. */

import { avatar, el } from "./dom.js";
import { ACCOUNT_AVATAR } from "./store.js";
import { KINDS } from "./words.js";

export function profileView(root, store, { follow }) {
  function draw() {
    const { name, kind, original_id } = store.account;
    root.replaceChildren(
      el("div", { class: "profile-head" },
        avatar(ACCOUNT_AVATAR, name, "avatar large"),
        el("div", {},
          el("h2", {}, name ?? ""),
          el("p", {}, KINDS[kind] ?? kind ?? ""),
          el("p", { class: "quiet" }, original_id ?? ""))),
      el("dl", { class: "facts" },
        el("div", {}, el("dt", {}, "功能介绍"), el("dd", {}, "运行在沙盒里的公众号，所有消息都只在这台电脑上。")),
        el("div", {}, el("dt", {}, "账号主体"), el("dd", {}, "沙盒"))),
      el("button", { type: "button", class: "follow", "data-testid": "follow", onclick: () => follow(store.active) }, "关注公众号"));
  }

  for (const event of ["account", "active"]) store.addEventListener(event, draw);
}
