/**
 * Hold all that the page knows of the sandbox, and nothing about views. Every change dispatches an event
 * named after what changed, at most once a frame; its detail is the set of openids that it concerns (an
 * empty set: all users).
 */

/** @import * as Types from "./types.js" */

import { onFrame } from "./frame.js";
import { Journal } from "./journal.js";
import { Transcript } from "./transcript.js";

/** The address of the account's picture, which the sandbox paints. */
export const ACCOUNT_AVATAR = "/mmopen/account/132";

/** @type {Types.Menu} */
const NO_MENU = { button: [] };

/**
 * Return a name for an item of an inbox that is the same each time the item is read.
 * @param {Types.InboxItem} item
 */
export const nameOf = (item) =>
  item.type === "sms" ? `${item.at} ${item.phone} ${item.text}` : `${item.at} ${item.from_nickname} ${item.url}`;

/** @param {{ series: string | number, attempt: number, duplicate: boolean }} entry */
const tryOf = ({ series, attempt, duplicate }) => `${series} ${attempt} ${duplicate}`;

export class World extends EventTarget {
  /** @type {Partial<Types.Account>} */
  account = {};
  /** @type {Types.Behaviour} */
  behaviour = {};
  /** @type {Types.Fault[]} */
  faults = [];
  /**
   * The rest of `GET state`: tokens, quotas, QR codes, tags, logins …
   * @type {Types.More}
   */
  more = {};
  /** @type {Map<string, Types.User>} by openid */
  users = new Map();
  online = false;
  /** @type {Set<string>} openids whose conversation with the account has something new */
  unread = new Set();
  /** @type {Set<string>} openids to whom the account shows that it is typing */
  typing = new Set();
  journal = new Journal();
  /** @type {Map<string, Types.Waiting & { since: number }>} deliveries that have had no answer for a while */
  waiting = new Map();
  /** Grows with every reset: an answer that was asked for before it is out of date. */
  epoch = 0;
  clockOffset = 0;
  /** @type {Map<string, Transcript>} */
  #transcripts = new Map();
  /** @type {Map<string, Types.Menu>} */
  #menus = new Map();
  /** @type {Map<string, Types.InboxItem[]>} */
  #inboxes = new Map();
  /** @type {Map<string, Set<string>>} */
  #unseen = new Map();
  /** @type {Map<string, Set<string>>} */
  #news = new Map();

  /**
   * @param {string} topic
   * @param {string | null} openid
   */
  #tell(topic, openid = null) {
    const concerned = this.#news.get(topic) ?? new Set();
    if (openid) concerned.add(openid);
    this.#news.set(topic, concerned);
    onFrame(this.#dispatch);
  }

  #dispatch = () => {
    const news = this.#news;
    this.#news = new Map();
    for (const [topic, detail] of news) this.dispatchEvent(new CustomEvent(topic, { detail }));
  };

  /** Return the sandbox's time in Unix seconds; its clock can be ahead of this computer's. */
  now() {
    return Date.now() / 1000 + this.clockOffset;
  }

  /**
   * Take the answer of `GET state`.
   * @param {Types.State} state
   */
  load({ account, behaviour, users, clock, ...more }) {
    this.account = account;
    this.behaviour = behaviour ?? {};
    this.more = more;
    this.users = new Map(users.map((user) => [user.openid, user]));
    this.clockOffset = clock.offset_seconds;
    for (const topic of ["account", "users", "clock", "more"]) this.#tell(topic);
  }

  /**
   * Take the answer of `PUT settings`.
   * @param {Partial<Types.Settings>} settings
   */
  setSettings({ account, behaviour }) {
    Object.assign(this.account, account);
    Object.assign(this.behaviour, behaviour);
    this.#tell("account");
  }

  /** @param {Types.More} more */
  setMore(more) {
    this.more = more;
    this.#tell("more");
  }

  /** @param {Types.Fault[]} faults */
  setFaults(faults) {
    this.faults = faults;
    this.#tell("faults");
  }

  /** @param {boolean} online */
  setOnline(online) {
    this.online = online;
    this.#tell("online");
  }

  /** @param {number} offset seconds by which the sandbox's clock is ahead */
  setClock(offset) {
    this.clockOffset = offset;
    this.#tell("clock");
  }

  /**
   * @param {string | null} callback
   * @param {boolean} verified
   */
  setCallback(callback, verified) {
    Object.assign(this.account, { callback, callback_ok: verified });
    this.#tell("account");
  }

  /** @param {Types.User} user */
  setUser(user) {
    this.users.set(user.openid, { ...this.users.get(user.openid), ...user });
    this.#tell("users", user.openid);
  }

  /**
   * @param {string} openid
   * @param {boolean} on
   */
  setTyping(openid, on) {
    if (on) this.typing.add(openid);
    else this.typing.delete(openid);
    this.#tell("typing", openid);
  }

  /** @param {string} openid */
  menu(openid) {
    return this.#menus.get(openid) ?? NO_MENU;
  }

  /**
   * @param {string} openid
   * @param {Types.Menu | null} menu
   */
  setMenu(openid, menu) {
    this.#menus.set(openid, menu ?? NO_MENU);
    this.#tell("menu", openid);
  }

  /** @param {string} openid */
  inbox(openid) {
    return this.#inboxes.get(openid) ?? [];
  }

  /**
   * Take the items that were read, and keep those that have come since they were asked for.
   * @param {string} openid
   * @param {Types.InboxItem[]} items
   */
  setInbox(openid, items) {
    const read = new Set(items.map(nameOf));
    this.#inboxes.set(openid, [...items, ...this.inbox(openid).filter((item) => !read.has(nameOf(item)))]);
    this.#tell("inbox", openid);
  }

  /**
   * @param {string} openid
   * @param {Types.InboxItem} item
   */
  addToInbox(openid, item) {
    this.unseen(openid).add(nameOf(item));
    this.setInbox(openid, [...this.inbox(openid), item]);
    this.#tell("users", openid);
  }

  /**
   * Return the names (`nameOf`) of the items in the inbox that the user has not looked at.
   * @param {string} openid
   * @returns {Set<string>}
   */
  unseen(openid) {
    const unseen = this.#unseen.get(openid) ?? new Set();
    this.#unseen.set(openid, unseen);
    return unseen;
  }

  /**
   * Mark items of the inbox as looked at.
   * @param {string} openid
   * @param {Types.InboxItem[]} items
   */
  seen(openid, items) {
    for (const item of items) this.unseen(openid).delete(nameOf(item));
    this.#tell("users", openid);
  }

  /** @param {string} openid */
  hasNews(openid) {
    return this.unread.has(openid) || this.unseen(openid).size > 0;
  }

  /** @param {string} openid */
  transcript(openid) {
    const transcript = this.#transcripts.get(openid) ?? new Transcript();
    this.#transcripts.set(openid, transcript);
    return transcript;
  }

  /**
   * Tell the views that the caller has changed the transcript.
   * @param {string} openid
   */
  transcriptChanged(openid) {
    this.#tell("messages", openid);
  }

  /**
   * Add a message. A conversation that no phone shows is not kept: a phone that opens it reads it.
   * @param {string} openid
   * @param {Types.Message} message
   * @param {boolean} shown true if a phone shows the conversation
   */
  addMessage(openid, message, shown) {
    const transcript = this.transcript(openid);
    if (!transcript.add(message)) return;
    if (!shown) transcript.forget();
    this.#tell("messages", openid);
    if (message.from === "account" && !this.unread.has(openid)) {
      this.unread.add(openid);
      this.#tell("users", openid);
    }
  }

  /**
   * Mark the conversation with the account as read.
   * @param {string} openid
   */
  read(openid) {
    if (this.unread.delete(openid)) this.#tell("users", openid);
  }

  /**
   * @param {Types.Delivery[]} deliveries
   * @param {Types.Call[]} calls
   * @param {Types.Waiting[]} waiting
   */
  setJournals(deliveries, calls, waiting) {
    this.waiting.clear();
    this.journal.load(deliveries, calls);
    this.#tell("journal");
    waiting.forEach((entry) => this.addWaiting(entry));
  }

  /**
   * Add a delivery that the account's server has not answered yet.
   * @param {Types.Waiting} entry
   */
  addWaiting(entry) {
    this.waiting.set(tryOf(entry), { ...entry, since: performance.now() - entry.waited_ms });
    this.#tell("waiting");
  }

  /** @param {Types.Delivery} entry */
  addDelivery(entry) {
    this.waiting.delete(tryOf(entry));
    this.journal.addDelivery(entry);
    this.#tell("journal");
  }

  /** @param {Types.Call} entry */
  addCall(entry) {
    this.journal.addCall(entry);
    this.#tell("journal");
  }

  /** Drop the conversations, after a reset of the sandbox. */
  clear() {
    this.epoch += 1;
    this.#transcripts.clear();
    this.#menus.clear();
    this.#inboxes.clear();
    this.#unseen.clear();
    this.unread.clear();
    this.typing.clear();
    this.#tell("messages");
  }
}
