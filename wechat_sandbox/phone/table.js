/** Show one to three phones side by side, each in the hand of another user. */

/** @import { Handset } from "./handset/handset.js" */
/** @import { World } from "./world.js" */

import { handset } from "./handset/handset.js";

export const MOST = 3;
/** Key of sessionStorage for the openids that hold the phones: it outlasts a reload of the page. */
const REMEMBERED = "sandbox-hands";

/**
 * Return the table. Its `news` dispatches `hands` when another user holds a phone or another phone is in use.
 * @param {HTMLElement} root
 * @param {World} world
 * @param {object} actions
 * @param {(openid: string, options?: { enters?: boolean }) => Promise<void>} actions.load reads what a phone shows
 * @param {(openid: string) => Promise<unknown>} actions.own gives the web view's cookies to a user
 * @param {() => void} actions.switchUser
 * @param {() => void} actions.openDesk
 */
export function tableView(root, world, { load, own, switchUser, openDesk }) {
  const news = new EventTarget();
  /** @type {Handset[]} */
  const phones = [];
  /** @type {Handset | null} */
  let current = null;

  function tell() {
    sessionStorage.setItem(REMEMBERED, JSON.stringify(phones.map(({ hand }) => hand.openid)));
    for (const phone of phones) phone.root.classList.toggle("current", phone === current && phones.length > 1);
    news.dispatchEvent(new Event("hands"));
  }

  /** @param {string} openid */
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
      // All phones of this page share the web view's cookies: one user has them at a time.
      async own(owner) {
        for (const other of phones) if (other !== owner) other.web.rest();
        await own(owner.hand.openid);
      },
    });
    phones.push(phone);
    root.append(phone.root);
    give(phone, openid);
  }

  /**
   * Put a phone into the hand of another user.
   * @param {Handset} phone
   * @param {string} openid
   */
  function give(phone, openid) {
    phone.hold(openid);
    world.read(openid);
    load(openid, { enters: true });
  }

  /**
   * Give the phone in use to this user; a user who holds a phone already keeps it, and it comes into use.
   * @param {string} openid
   */
  function hold(openid) {
    const held = phones.find(({ hand }) => hand.openid === openid);
    if (held) current = held;
    else if (current) give(current, openid);
    tell();
  }

  /** Return the openid of a user who holds no phone. */
  const free = () => [...world.users.keys()].find((openid) => !phones.some(({ hand }) => hand.openid === openid));

  /**
   * Show `count` phones, or one for each user if there are fewer users.
   * @param {number} count
   */
  function setCount(count) {
    for (const phone of phones.splice(count)) phone.leave();
    for (let openid = free(); openid && phones.length < count; openid = free()) add(openid);
    if (!current || !phones.includes(current)) current = phones.at(-1) ?? null;
    root.dataset.phones = document.body.dataset.phones = String(phones.length);
    tell();
  }

  /** Give every phone to a user who exists, and read all that it shows: after the users have been read. */
  function seat() {
    /** @type {string[]} */
    const before = phones.length ? phones.map(({ hand }) => hand.openid) : JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "[]");
    const known = [...new Set(before)].filter((openid) => world.users.has(openid));
    if (phones.length === 0) for (const openid of known.slice(0, MOST)) add(openid);
    else phones.forEach(seatAgain);
    setCount(Math.max(1, phones.length));
  }

  /** @param {Handset} phone */
  function seatAgain(phone) {
    const { openid } = phone.hand;
    const other = free();
    if (world.users.has(openid)) load(openid, { enters: true });
    else if (other) give(phone, other);
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
    /** @param {string} openid */
    isChatting: (openid) => phones.some(({ hand }) => hand.openid === openid && hand.chatting),
    /**
     * Return the phone in this user's hand.
     * @param {string} openid
     */
    phoneOf: (openid) => phones.find(({ hand }) => hand.openid === openid),
    clear() {
      for (const phone of phones) phone.web.close();
    },
  };
}
