/**
 * The hand that holds one phone: which user's phone it is, and the part of the world's news that
 * concerns that user. Topics: held (another user), user, account, messages, menu, typing, inbox,
 * online, unread, clock.
 */

export class Hand extends EventTarget {
  openid = null;
  /** Whether the user looks at the conversation with the account. */
  chatting = true;
  #leaving = new AbortController();

  constructor(world) {
    super();
    this.world = world;
    for (const topic of ["messages", "menu", "typing", "inbox"]) this.#pass(topic, topic, false);
    for (const topic of ["account", "online", "clock"]) this.#pass(topic, topic, true);
    this.#pass("users", "user", false);
    this.#pass("users", "unread", true);
  }

  #pass(topic, as, always) {
    const heard = ({ detail }) => {
      if (always || detail.size === 0 || detail.has(this.openid)) this.#tell(as);
    };
    this.world.addEventListener(topic, heard, { signal: this.#leaving.signal });
  }

  #tell(topic) {
    this.dispatchEvent(new Event(topic));
  }

  get user() {
    return this.world.users.get(this.openid) ?? null;
  }

  get account() {
    return this.world.account;
  }

  get transcript() {
    return this.world.transcript(this.openid);
  }

  get menu() {
    return this.world.menu(this.openid);
  }

  get inbox() {
    return this.world.inbox(this.openid);
  }

  get typing() {
    return this.world.typing.has(this.openid);
  }

  now() {
    return this.world.now();
  }

  /** From now on this is another user's phone. */
  hold(openid) {
    this.openid = openid;
    for (const topic of ["held", "user", "account", "messages", "menu", "typing", "inbox", "unread"]) this.#tell(topic);
  }

  changed() {
    this.world.transcriptChanged(this.openid);
  }

  leave() {
    this.#leaving.abort();
  }
}
