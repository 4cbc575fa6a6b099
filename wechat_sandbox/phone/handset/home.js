/**
 * Show the list of conversations behind the back arrow: the account, friends who shared something, moments,
 * text messages. Show one conversation of a friend.
 */

/** @import { InboxItem, Message, Share } from "../types.js" */
/** @import { Hand } from "./hand.js" */

import { avatar, button, el } from "../dom.js";
import { icon } from "../icons.js";
import { query } from "../query.js";
import { chatTime } from "../time.js";
import { t, tell } from "../words.js";
import { ACCOUNT_AVATAR, nameOf } from "../world.js";
import { smsBubble } from "./banner.js";
import { linkCard } from "./bubbles.js";
import { wordsOf } from "./richtext.js";

/** The names of the talks that hold shares to all users, and text messages. */
const MOMENTS = Symbol("moments");
const SMS = Symbol("sms");

/** @typedef {string | typeof MOMENTS | typeof SMS} Talk a friend's nickname, or one of the two */

/**
 * @param {InboxItem} item
 * @returns {Talk}
 */
const talkOf = (item) => (item.type === "sms" ? SMS : item.where === "timeline" ? MOMENTS : item.from_nickname);

/**
 * @param {{ home: HTMLElement, friend: HTMLElement, conversation: HTMLElement }} sections
 * @param {Hand} hand
 * @param {object} actions
 * @param {(url: string) => void} actions.open opens a page in the web view
 * @param {() => void} actions.enter reads the conversation with the account
 * @param {(text: string) => void} actions.say
 * @param {() => void} actions.switchUser
 */

export function homeView({ home, friend, conversation }, hand, { open, enter, say, switchUser }) {
  const list = query(home, ".talks");
  const cards = query(friend, ".friend-cards");
  /** @type {Talk} */
  let talk = MOMENTS;

  /**
   * Show one of the three and put the focus there.
   * @param {"chat" | "home" | "friend"} name
   */
  function go(name) {
    show(name);
    const first = name === "friend" ? cards : name === "home" ? query(list, "button") : query(conversation, ".back");
    first.focus({ preventScroll: true });
  }

  /** @param {"chat" | "home" | "friend"} name */
  function show(name) {
    home.hidden = name !== "home";
    friend.hidden = name !== "friend";
    conversation.hidden = name !== "chat";
    hand.chatting = name === "chat";
    if (name === "chat") hand.world.read(hand.openid);
    draw();
  }

  /** @param {Talk} name */
  function showFriend(name) {
    talk = name;
    hand.world.seen(hand.openid, hand.inbox.filter((item) => talkOf(item) === name));
    go("friend");
  }

  /**
   * Return one line that stands for a message.
   * @param {Message} message
   */
  function words(message) {
    if ("content" in message && message.content) return wordsOf(message.content);
    return ("title" in message && message.title) || tell(`kind.${message.type}`, `[${message.type}]`);
  }

  /**
   * @param {HTMLElement} face
   * @param {string} name
   * @param {string} last what the last message says
   * @param {number | undefined} at when it came
   * @param {boolean} unread
   * @param {() => void} act
   * @param {string} testid
   */
  function row(face, name, last, at, unread, act, testid) {
    return el("li", {}, button({ class: "talk", "data-testid": testid, onclick: act },
      el("span", { class: "face" }, face, unread ? el("span", { class: "dot", role: "img", "aria-label": t("people.unread") }) : null),
      el("span", { class: "words" },
        el("span", { class: "line" }, el("strong", {}, name), el("span", { class: "quiet" }, at ? chatTime(at, hand.now()) : "")),
        el("span", { class: "quiet last" }, last))));
  }

  /** @param {Talk} name */
  const titleOf = (name) => (name === MOMENTS ? t("share.timeline") : name === SMS ? t("sms.title") : name);

  /** @param {Talk} name */
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
    query(home, ".face-button").replaceChildren(avatar(user?.avatar, user?.nickname));
    /** @type {Map<Talk, InboxItem>} the last item of each talk */
    const talks = new Map(inbox.map((item) => [talkOf(item), item]));
    const friends = [...talks].map(([name, item]) => {
      const unread = inbox.some((other) => talkOf(other) === name && world.unseen(hand.openid).has(nameOf(other)));
      const last = item.type === "sms" ? item.text : t("share.line", { title: item.title || item.url });
      return row(faceOf(name), titleOf(name), last, item.at, unread, () => showFriend(name), "talk");
    });
    const { last } = transcript;
    list.replaceChildren(
      row(avatar(ACCOUNT_AVATAR, account.name), account.name ?? "", last ? words(last) : t(user?.subscribed ? "home.empty" : "home.stranger"), last?.at, world.unread.has(hand.openid), () => { go("chat"); enter(); }, "talk-account"),
      ...friends.reverse());
  }

  function drawFriend() {
    query(friend, "h1").textContent = titleOf(talk);
    const items = hand.inbox.filter((item) => talkOf(item) === talk);
    cards.replaceChildren(...items.map((item) => el("div", { class: "row account still" },
      faceOf(talk === MOMENTS && item.type === "share" ? item.from_nickname : talk),
      item.type === "sms" ? smsBubble(item, say) : shareBubble(item))));
    cards.scrollTop = cards.scrollHeight;
  }

  /** @param {Share} item */
  function shareBubble(item) {
    return el("div", { class: "bubble", "data-testid": "share-card", "data-type": "share" },
      talk === MOMENTS ? el("strong", { class: "poster" }, item.from_nickname) : null, linkCard(item, { open }));
  }

  query(conversation, ".back").addEventListener("click", () => go("home"));
  query(friend, ".back").addEventListener("click", () => go("home"));
  query(home, ".face-button").addEventListener("click", switchUser);
  for (const topic of ["messages", "inbox", "account", "user", "unread"]) hand.addEventListener(topic, draw);
  hand.addEventListener("held", () => show("chat"));
}
