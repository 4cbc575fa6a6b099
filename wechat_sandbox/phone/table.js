/** The phones on the table: one to three of them side by side, each in another user's hand. */

import { handset } from "./handset/handset.js";

export const MOST = 3;
/** Remembered over a reload of the page: who holds which phone. */
const REMEMBERED = "sandbox-hands";

/** Emits `hands` whenever another user holds a phone, or another phone is in use. */
export function tableView(root, world, { load, own, switchUser, openDesk }) {
  const news = new EventTarget();
  const phones = [];
  let current = null;

  function tell() {
    sessionStorage.setItem(REMEMBERED, JSON.stringify(phones.map(({ hand }) => hand.openid)));
    for (const phone of phones) phone.root.classList.toggle("current", phone === current && phones.length > 1);
    news.dispatchEvent(new Event("hands"));
  }

  function add(openid) {
    const phone = handset(world, {
      load,
      switchUser,
      openDesk,
      touched(touched) {
        if (current === touched) return;
        current = touched;
        tell();
      },
      /** The web view's cookies are shared by all phones of this page: one hand has them at a time. */
      async own(owner) {
        for (const other of phones) if (other !== owner) other.web.rest();
        await own(owner.hand.openid);
      },
    });
    phones.push(phone);
    root.append(phone.root);
    give(phone, openid);
  }

  function give(phone, openid) {
    phone.hold(openid);
    world.read(openid);
    load(openid, { enters: true });
  }

  /** Puts this user's phone into the current hand; who holds one already is only looked at. */
  function hold(openid) {
    const held = phones.find(({ hand }) => hand.openid === openid);
    if (held) current = held;
    else give(current, openid);
    tell();
  }

  const free = () => [...world.users.keys()].find((openid) => !phones.some(({ hand }) => hand.openid === openid));

  /** So many phones, as far as there are users for them. */
  function setCount(count) {
    while (phones.length > count) phones.pop().leave();
    while (phones.length < count && free()) add(free());
    if (!phones.includes(current)) current = phones.at(-1) ?? null;
    root.dataset.phones = document.body.dataset.phones = String(phones.length);
    tell();
  }

  /** After the users have been read: every phone is in the hand of somebody who exists, and shows all anew. */
  function seat() {
    const before = phones.length ? phones.map(({ hand }) => hand.openid) : JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "[]");
    const known = [...new Set(before)].filter((openid) => world.users.has(openid));
    if (phones.length === 0) for (const openid of known.slice(0, MOST)) add(openid);
    else phones.forEach(seatAgain);
    setCount(Math.max(1, phones.length));
  }

  function seatAgain(phone) {
    const { openid } = phone.hand;
    if (world.users.has(openid)) load(openid, { enters: true });
    else give(phone, free());
  }

  return {
    news,
    hold,
    seat,
    setCount,
    get current() {
      return current;
    },
    get openids() {
      return phones.map(({ hand }) => hand.openid);
    },
    isChatting: (openid) => phones.some(({ hand }) => hand.openid === openid && hand.chatting),
    phoneOf: (openid) => phones.find(({ hand }) => hand.openid === openid) ?? (openid ? null : current),
    clear() {
      for (const phone of phones) phone.web.close();
    },
  };
}
