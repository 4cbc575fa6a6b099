/** The users at the side: each one is a phone of their own. */

import { avatar, el } from "./dom.js";

export function peopleView(list, store, { activate, follow, unfollow }) {
  function row(user) {
    const { openid, nickname, subscribed } = user;
    const active = openid === store.active;
    const unread = store.unread.has(openid);
    return el("li", { class: active ? "person active" : "person" },
      el("button", { type: "button", class: "choose", "data-testid": "user", "data-openid": openid, "aria-current": active ? "true" : null, onclick: () => activate(openid) },
        el("span", { class: "face" }, avatar(user.avatar, nickname), unread ? el("span", { class: "dot", role: "img", "aria-label": "有新消息" }) : null),
        el("span", { class: "words" },
          el("span", { class: "name" }, nickname),
          el("span", { class: subscribed ? "mark on" : "mark" }, subscribed ? "已关注" : "未关注"))),
      el("button", { type: "button", class: subscribed ? "switch" : "switch follows", "aria-label": `${nickname}：${subscribed ? "取消关注" : "关注公众号"}`, onclick: () => (subscribed ? unfollow(openid) : follow(openid)) },
        subscribed ? "取关" : "关注"));
  }

  store.addEventListener("users", () => {
    const focused = list.contains(document.activeElement) ? document.activeElement.closest("li") : null;
    const place = [...list.children].indexOf(focused);
    list.replaceChildren(...store.users.map(row));
    if (place >= 0) list.children[place]?.querySelector("button").focus({ preventScroll: true });
  });
}
