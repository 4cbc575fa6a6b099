/**
 * Keep one user's conversation with the account: the messages that the server knows, in order, and drafts
 * that are still on their way. Messages are never changed in place. The cost of adding one does not grow
 * with the length of the conversation.
 */

/** @import { Draft, Message, OutgoingMessage } from "./types.js" */

let drafts = 0;

export class Transcript {
  /** True once the server's history has been read; until then only live messages are here. */
  loaded = false;
  /** Grows with every change that is not an append: a view must then draw everything anew. */
  version = 0;
  /** @type {Message[]} */
  messages = [];
  /** @type {Draft[]} */
  drafts = [];

  /**
   * Take the whole history. Newer messages that came live meanwhile stay.
   * @param {Message[]} history
   */
  load(history) {
    const last = history.at(-1)?.id ?? 0;
    const later = this.messages.filter((message) => message.id > last);
    const same = history.length + later.length === this.messages.length;
    this.loaded = true;
    this.drafts = this.drafts.filter((draft) => draft.draft !== "sent");
    if (same && history[0]?.id === this.messages[0]?.id) return;
    this.messages = [...history, ...later];
    this.version += 1;
  }

  /** Drop the history; drafts stay. */
  forget() {
    this.messages = [];
    this.loaded = false;
    this.version += 1;
  }

  /**
   * Add a message of the server; the draft that it came from goes. Return false if it was here before.
   * @param {Message} message
   */
  add(message) {
    const before = this.messages.at(-1);
    if (!before || before.id < message.id) {
      this.messages.push(message);
    } else {
      const place = this.messages.findIndex((known) => known.id >= message.id);
      if (this.messages[place].id === message.id) return false;
      this.messages.splice(place, 0, message);
      this.version += 1;
    }
    if (message.from === "user") {
      const index = this.drafts.findIndex((draft) => isDraftOf(draft, message));
      if (index >= 0) this.drafts = this.drafts.toSpliced(index, 1);
    }
    return true;
  }

  /**
   * Add a message that the server does not know yet. Return the key for `setDraft`.
   * @param {OutgoingMessage & { original: OutgoingMessage }} message
   * @param {number} at Unix seconds
   */
  addDraft(message, at) {
    const key = `d${++drafts}`;
    this.drafts = [...this.drafts, { ...message, key, from: "user", at, draft: "sending" }];
    return key;
  }

  /**
   * Mark a draft as "sent" (the server has it) or "failed" (it does not, for this reason), or drop it (null).
   * @param {string} key
   * @param {"sent" | "failed" | null} stage
   */
  setDraft(key, stage, reason = "") {
    this.drafts = this.drafts.flatMap((draft) =>
      draft.key === key ? (stage ? [{ ...draft, draft: stage, reason }] : []) : [draft]);
  }

  /** @param {string} key */
  hasDraft(key) {
    return this.drafts.some((draft) => draft.key === key);
  }

  get last() {
    return this.messages.at(-1) ?? null;
  }
}

/** @type {(draft: Draft, message: Message) => boolean} */
const isDraftOf = (draft, message) =>
  draft.draft !== "failed" &&
  draft.type === message.type &&
  (message.type !== "text" || (draft.type === "text" && draft.content === message.content));
