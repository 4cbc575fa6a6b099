/**
 * All that the page knows of the sandbox. Every change is told by an event named after what changed, at
 * most once a frame; its detail is the set of openids it concerns (empty: everybody). No view is known here.
 */

import { onFrame } from "./frame.js";
import { Journal } from "./journal.js";
import { Transcript } from "./transcript.js";

/** Where the sandbox paints the account's picture. */
export const ACCOUNT_AVATAR = "/mmopen/account/132";

const NO_MENU = { button: [] };

/** What tells one item of an inbox from another, however often it is read. */
export const nameOf = ({ at, from_nickname, phone, url, text }) => `${at} ${from_nickname ?? phone} ${url ?? text}`;

const tryOf = ({ series, attempt, duplicate }) => `${series} ${attempt} ${duplicate}`;

export class World extends EventTarget {
  account = {};
  behaviour = {};
  faults = [];
  /** The rest of `GET state`: tokens, quotas, QR codes, tags, logins … */
  more = {};
  users = new Map();
  online = false;
  /** Whose conversation with the account has something new. */
  unread = new Set();
  typing = new Set();
  journal = new Journal();
  /** Deliveries that the server has not answered for a while. */
  waiting = new Map();
  /** Grows with every reset: an answer asked for before it must not be believed after it. */
  epoch = 0;
  clockOffset = 0;
  #transcripts = new Map();
  #menus = new Map();
  #inboxes = new Map();
  #unseen = new Map();
  #news = new Map();

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

  /** Seconds on the sandbox's clock, which can be ahead of ours. */
  now() {
    return Date.now() / 1000 + this.clockOffset;
  }

  /** What GET state answers. */
  load({ account, behaviour, users, clock, ...more }) {
    this.account = account;
    this.behaviour = behaviour ?? {};
    this.more = more;
    this.users = new Map(users.map((user) => [user.openid, user]));
    this.clockOffset = clock.offset_seconds;
    for (const topic of ["account", "users", "clock", "more"]) this.#tell(topic);
  }

  /** What PUT settings answers. */
  setSettings({ account, behaviour }) {
    Object.assign(this.account, account);
    Object.assign(this.behaviour, behaviour);
    this.#tell("account");
  }

  setMore(more) {
    this.more = more;
    this.#tell("more");
  }

  setFaults(faults) {
    this.faults = faults;
    this.#tell("faults");
  }

  setOnline(online) {
    this.online = online;
    this.#tell("online");
  }

  setClock(offset) {
    this.clockOffset = offset;
    this.#tell("clock");
  }

  setCallback(callback, verified) {
    Object.assign(this.account, { callback, callback_ok: verified });
    this.#tell("account");
  }

  setUser(user) {
    this.users.set(user.openid, { ...this.users.get(user.openid), ...user });
    this.#tell("users", user.openid);
  }

  setTyping(openid, on) {
    if (on) this.typing.add(openid);
    else this.typing.delete(openid);
    this.#tell("typing", openid);
  }

  menu(openid) {
    return this.#menus.get(openid) ?? NO_MENU;
  }

  setMenu(openid, menu) {
    this.#menus.set(openid, menu ?? NO_MENU);
    this.#tell("menu", openid);
  }

  /** Something about menus has changed; which phones see it is the server's to say. */
  menuChanged() {
    this.#tell("menu-changed");
  }

  inbox(openid) {
    return this.#inboxes.get(openid) ?? [];
  }

  /** What was read, and what has come since it was asked for. */
  setInbox(openid, items) {
    const read = new Set(items.map(nameOf));
    this.#inboxes.set(openid, [...items, ...this.inbox(openid).filter((item) => !read.has(nameOf(item)))]);
    this.#tell("inbox", openid);
  }

  addToInbox(openid, item) {
    this.unseen(openid).add(nameOf(item));
    this.setInbox(openid, [...this.inbox(openid), item]);
    this.#tell("users", openid);
  }

  /** The names (`nameOf`) of what has come into the inbox and the user has not looked at. */
  unseen(openid) {
    if (!this.#unseen.has(openid)) this.#unseen.set(openid, new Set());
    return this.#unseen.get(openid);
  }

  seen(openid, items) {
    for (const item of items) this.unseen(openid).delete(nameOf(item));
    this.#tell("users", openid);
  }

  hasNews(openid) {
    return this.unread.has(openid) || this.unseen(openid).size > 0;
  }

  transcript(openid) {
    if (!this.#transcripts.has(openid)) this.#transcripts.set(openid, new Transcript());
    return this.#transcripts.get(openid);
  }

  /** Tells that the transcript has been changed by whoever calls. */
  transcriptChanged(openid) {
    this.#tell("messages", openid);
  }

  /** A conversation that no phone shows is not kept: it is read when a phone opens it. */
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

  read(openid) {
    if (this.unread.delete(openid)) this.#tell("users", openid);
  }

  setJournals(deliveries, calls, waiting) {
    this.waiting.clear();
    this.journal.load(deliveries, calls);
    this.#tell("journal");
    waiting.forEach((entry) => this.addWaiting(entry));
  }

  /** Pushed to the account's server, which has not answered yet. */
  addWaiting(entry) {
    this.waiting.set(tryOf(entry), { ...entry, since: performance.now() - entry.waited_ms });
    this.#tell("waiting");
  }

  addDelivery(entry) {
    this.waiting.delete(tryOf(entry));
    this.journal.addDelivery(entry);
    this.#tell("journal");
  }

  addCall(entry) {
    this.journal.addCall(entry);
    this.#tell("journal");
  }

  /** Forgets the conversations: after a reset of the sandbox. */
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
