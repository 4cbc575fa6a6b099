/** The list of conversations behind the back arrow: the account, friends who shared something, moments, text
 * messages. */

import { avatar, button, el } from "../dom.js";
import { icon } from "../icons.js";
import { chatTime } from "../time.js";
import { t, tell } from "../words.js";
import { ACCOUNT_AVATAR, nameOf } from "../world.js";
import { smsBubble } from "./banner.js";
import { linkCard } from "./bubbles.js";
import { wordsOf } from "./richtext.js";

/** What stands in an inbox's list of talks for shares to everybody, and for text messages. */
const MOMENTS = Symbol("moments");
const SMS = Symbol("sms");

const talkOf = ({ type, where, from_nickname }) => (type === "sms" ? SMS : where === "timeline" ? MOMENTS : from_nickname);

export function homeView({ home, friend, conversation }, hand, { open, enter, say, switchUser }) {
  const list = home.querySelector(".talks");
  const cards = friend.querySelector(".friend-cards");
  let talk = null;

  /** Shows one of "chat", "home", "friend", and leads the focus there. */
  function go(name) {
    show(name);
    ({ home: list.querySelector("button"), friend: cards, chat: conversation.querySelector(".back") })[name].focus({ preventScroll: true });
  }

  function show(name) {
    home.hidden = name !== "home";
    friend.hidden = name !== "friend";
    conversation.hidden = name !== "chat";
    hand.chatting = name === "chat";
    if (name === "chat") hand.world.read(hand.openid);
    draw();
  }

  function showFriend(name) {
    talk = name;
    hand.world.seen(hand.openid, hand.inbox.filter((item) => talkOf(item) === name));
    go("friend");
  }

  const words = ({ type, content, title }) => (content ? wordsOf(content) : title) || tell(`kind.${type}`, `[${type}]`);

  function row(face, name, last, at, unread, act, testid) {
    return el("li", {}, button({ class: "talk", "data-testid": testid, onclick: act },
      el("span", { class: "face" }, face, unread ? el("span", { class: "dot", role: "img", "aria-label": t("people.unread") }) : null),
      el("span", { class: "words" },
        el("span", { class: "line" }, el("strong", {}, name), el("span", { class: "quiet" }, at ? chatTime(at, hand.now()) : "")),
        el("span", { class: "quiet last" }, last))));
  }

  const titleOf = (name) => (name === MOMENTS ? t("share.timeline") : name === SMS ? t("sms.title") : name);

  function faceOf(name) {
    if (name === MOMENTS) return el("span", { class: "avatar letter moments" }, icon("moments"));
    if (name === SMS) return el("span", { class: "avatar letter sms" }, icon("message"));
    return avatar([...hand.world.users.values()].find((other) => other.nickname === name)?.avatar, name);
  }

  function draw() {
    if (!home.hidden) drawHome();
    if (!friend.hidden) drawFriend();
  }

  function drawHome() {
    const { user, transcript, inbox, account, world } = hand;
    home.querySelector(".face-button").replaceChildren(avatar(user?.avatar, user?.nickname));
    const talks = new Map(inbox.map((item) => [talkOf(item), item]));
    const friends = [...talks].map(([name, item]) => {
      const unread = inbox.some((other) => talkOf(other) === name && world.unseen(hand.openid).has(nameOf(other)));
      const last = name === SMS ? item.text : t("share.line", { title: item.title || item.url });
      return row(faceOf(name), titleOf(name), last, item.at, unread, () => showFriend(name), "talk");
    });
    const { last } = transcript;
    list.replaceChildren(
      row(avatar(ACCOUNT_AVATAR, account.name), account.name ?? "", last ? words(last) : t(user?.subscribed ? "home.empty" : "home.stranger"), last?.at, world.unread.has(hand.openid), () => { go("chat"); enter(); }, "talk-account"),
      ...friends.reverse());
  }

  function drawFriend() {
    friend.querySelector("h1").textContent = titleOf(talk);
    const items = hand.inbox.filter((item) => talkOf(item) === talk);
    cards.replaceChildren(...items.map((item) => el("div", { class: "row account still" },
      faceOf(talk === MOMENTS ? item.from_nickname : talk), talk === SMS ? smsBubble(item, say) : shareBubble(item))));
    cards.scrollTop = cards.scrollHeight;
  }

  function shareBubble(item) {
    return el("div", { class: "bubble", "data-testid": "share-card", "data-type": "share" },
      talk === MOMENTS ? el("strong", { class: "poster" }, item.from_nickname) : null, linkCard(item, { open }));
  }

  conversation.querySelector(".back").addEventListener("click", () => go("home"));
  friend.querySelector(".back").addEventListener("click", () => go("home"));
  home.querySelector(".face-button").addEventListener("click", switchUser);
  for (const topic of ["messages", "inbox", "account", "user", "unread"]) hand.addEventListener(topic, draw);
  hand.addEventListener("held", () => show("chat"));
}
