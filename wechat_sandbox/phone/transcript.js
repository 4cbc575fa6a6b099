/**
 * One user's conversation with the account: messages that the server knows, in order, and drafts that
 * are still on their way. Messages are never changed in place. Adding one costs the same whether ten or
 * ten thousand stand before it.
 */

let drafts = 0;

export class Transcript {
  /** Whether the server's history has been read; until then only what comes live is in it. */
  loaded = false;
  /** Grows whenever something else than an append happened: what was drawn before is then worthless. */
  version = 0;
  messages = [];
  drafts = [];

  /** The whole history. What came live meanwhile and is not in it stays. */
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

  /** Lets go of the history; drafts stay. */
  forget() {
    this.messages = [];
    this.loaded = false;
    this.version += 1;
  }

  /** A message the server told of; it takes the place of the draft it came from. Answers whether it was new. */
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

  /** Shows a message before the server knows it; answers the key to settle it with. */
  addDraft(message, at) {
    const key = `d${++drafts}`;
    this.drafts = [...this.drafts, { ...message, key, from: "user", at, draft: "sending" }];
    return key;
  }

  /** `stage` is "sent" (the server has it) or "failed" (it does not, for this reason), or null to forget it. */
  setDraft(key, stage, reason = "") {
    this.drafts = this.drafts.flatMap((draft) =>
      draft.key === key ? (stage ? [{ ...draft, draft: stage, reason }] : []) : [draft]);
  }

  hasDraft(key) {
    return this.drafts.some((draft) => draft.key === key);
  }

  get last() {
    return this.messages.at(-1) ?? null;
  }
}

const isDraftOf = (draft, message) =>
  draft.draft !== "failed" &&
  draft.type === message.type &&
  (message.type !== "text" || draft.content === message.content);
