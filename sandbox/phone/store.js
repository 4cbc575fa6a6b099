/**
 * All that the phone knows: account, users, menu, chats, journals. Every change is told by an event
 * named after what changed; the views listen and redraw. No view is known here.
 */

const JOURNAL = 100;

/** Where the sandbox paints the account's picture. */
export const ACCOUNT_AVATAR = "/mmopen/account/132";

export class Store extends EventTarget {
  account = {};
  users = [];
  menu = null;
  active = null;
  online = false;
  unread = new Set();
  typing = new Set();
  deliveries = [];
  calls = [];
  #clockOffset = 0;
  #chats = new Map();
  #drafts = 0;

  #tell(type) {
    this.dispatchEvent(new Event(type));
  }

  /** Seconds on the sandbox's clock, which can be ahead of ours. */
  now() {
    return Date.now() / 1000 + this.#clockOffset;
  }

  /** The user whose phone is in hand. */
  get user() {
    return this.users.find((user) => user.openid === this.active) ?? null;
  }

  /** What GET state answers. Keeps the phone in the same hand if that user still exists. */
  load({ account, users, menu, clock }) {
    this.account = account;
    this.users = users;
    this.menu = menu;
    this.#clockOffset = clock.offset_seconds;
    if (!this.user) this.active = users[0]?.openid ?? null;
    for (const type of ["account", "users", "menu", "active"]) this.#tell(type);
  }

  setOnline(online) {
    this.online = online;
    this.#tell("online");
  }

  setClock(offset) {
    this.#clockOffset = offset;
    this.#tell("messages");
  }

  setMenu(menu) {
    this.menu = menu;
    this.#tell("menu");
  }

  setCallback(callback, verified) {
    Object.assign(this.account, { callback, callback_ok: verified });
    this.#tell("account");
  }

  /** A new or a changed user; `active` is told too when it is the one in hand. */
  setUser(user) {
    const index = this.users.findIndex((known) => known.openid === user.openid);
    if (index < 0) this.users.push(user);
    else this.users[index] = user;
    this.#tell("users");
    if (user.openid === this.active) this.#tell("active");
  }

  activate(openid) {
    this.active = openid;
    this.unread.delete(openid);
    for (const type of ["users", "active", "messages"]) this.#tell(type);
  }

  setTyping(openid, on) {
    if (on) this.typing.add(openid);
    else this.typing.delete(openid);
    this.#tell("typing");
  }

  // Chats. A message is never changed in place, so that a view can compare by identity. `key` is
  // stable from the moment of sending to the server's own version of the message.

  /** Messages of the active user in order, those still on their way last. */
  messages() {
    return this.#chats.get(this.active) ?? [];
  }

  /** The whole chat as the server has it. What is still unsent stays; what was sent is in it. */
  setChat(openid, messages) {
    const drafts = this.#chat(openid).filter((message) => message.draft && message.draft !== "sent");
    const known = new Map(this.#chat(openid).map((message) => [message.id, message.key]));
    const fresh = messages.map((message) => ({ ...message, key: known.get(message.id) ?? `m${message.id}` }));
    this.#chats.set(openid, [...fresh, ...drafts]);
    this.#tell("messages");
  }

  /** A message the server told of: it takes the place of the draft it came from, if there is one. */
  addMessage(openid, message) {
    const chat = this.#chat(openid);
    if (chat.some((known) => known.id === message.id)) return;
    const draft = message.from === "user" ? chat.find((known) => isDraftOf(known, message)) : null;
    const settled = { ...message, key: draft?.key ?? `m${message.id}` };
    const rest = chat.filter((known) => known !== draft);
    const place = rest.findIndex((known) => known.draft || known.id > message.id);
    rest.splice(place < 0 ? rest.length : place, 0, settled);
    this.#chats.set(openid, rest);
    if (openid === this.active) {
      this.#tell("messages");
    } else if (message.from === "account") {
      this.unread.add(openid);
      this.#tell("users");
    }
  }

  /** Shows a message before the server knows it; answers the key to settle it with. */
  addDraft(openid, message) {
    const key = `d${++this.#drafts}`;
    const draft = { ...message, key, from: "user", at: this.now(), draft: "sending" };
    this.#chats.set(openid, [...this.#chat(openid), draft]);
    this.#tell("messages");
    return key;
  }

  /** `stage` is "sent" (the server has it) or "failed" (it does not, for this reason), or null to forget it. */
  setDraft(openid, key, stage, reason = "") {
    const chat = this.#chat(openid).map((message) =>
      message.key === key && message.draft ? stage && { ...message, draft: stage, reason } : message);
    this.#chats.set(openid, chat.filter(Boolean));
    this.#tell("messages");
  }

  isDraft(openid, key) {
    return this.#chat(openid).some((message) => message.key === key && message.draft);
  }

  #chat(openid) {
    return this.#chats.get(openid) ?? [];
  }

  // Journals, newest first.

  setJournals(deliveries, calls) {
    this.deliveries = deliveries.toReversed().slice(0, JOURNAL);
    this.calls = calls.toReversed().slice(0, JOURNAL);
    this.#tell("journals");
  }

  addDelivery(delivery) {
    this.deliveries = [delivery, ...this.deliveries].slice(0, JOURNAL);
    this.#tell("journals");
  }

  addCall(call) {
    this.calls = [call, ...this.calls].slice(0, JOURNAL);
    this.#tell("journals");
  }

  /** Forgets the chats: after a reset of the sandbox, or before they are read anew. */
  clear() {
    this.#chats.clear();
    this.unread.clear();
    this.typing.clear();
  }
}

const isDraftOf = (draft, message) =>
  (draft.draft === "sending" || draft.draft === "sent") &&
  draft.type === message.type &&
  (message.type !== "text" || draft.content === message.content);
