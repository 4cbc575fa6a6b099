/**
 * Tell one phone which user holds it, and pass on the world's events that concern that user. Topics: held
 * (another user), user, account, messages, menu, typing, inbox, online, unread, clock.
 */

/** @import { World } from "../world.js" */

export class Hand extends EventTarget {
  /** Empty until `hold` is called. */
  openid = "";
  /** True while the user looks at the conversation with the account. */
  chatting = true;
  #leaving = new AbortController();

  /** @param {World} world */
  constructor(world) {
    super();
    this.world = world;
    for (const topic of ["messages", "menu", "typing", "inbox"]) this.#pass(topic, topic, false);
    for (const topic of ["account", "online", "clock"]) this.#pass(topic, topic, true);
    this.#pass("users", "user", false);
    this.#pass("users", "unread", true);
  }

  /**
   * Pass the world's topic on under the name `as`; if not `always`, only what concerns the user.
   * @param {string} topic
   * @param {string} as
   * @param {boolean} always
   */
  #pass(topic, as, always) {
    /** @param {Event} event */
    const heard = (event) => {
      const { detail } = /** @type {CustomEvent<Set<string>>} */ (event);
      if (always || detail.size === 0 || detail.has(this.openid)) this.#tell(as);
    };
    this.world.addEventListener(topic, heard, { signal: this.#leaving.signal });
  }

  /** @param {string} topic */
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

  /**
   * Give the phone to another user.
   * @param {string} openid
   */
  hold(openid) {
    this.openid = openid;
    for (const topic of ["held", "user", "account", "messages", "menu", "typing", "inbox", "unread"]) this.#tell(topic);
  }

  leave() {
    this.#leaving.abort();
  }
}
