/**
 * Count how many pages the web view's frame can go back. The window's history holds the frame's steps too;
 * a step that replaces another (a redirect by script, a reload) does not make it longer.
 */

/** Browsers keep this many steps; after that the length no longer changes. */
const FULL = 50;

export class History {
  #depth = 0;
  #ahead = 0;
  #length = 0;
  #going = false;

  /** Start to count for a new frame. */
  begin() {
    this.#depth = 0;
    this.#ahead = 0;
    this.#going = false;
    this.#length = window.history.length;
  }

  /** Count another page that the frame has loaded. */
  loaded() {
    const { length } = window.history;
    if (this.#going) {
      this.#depth -= 1;
      this.#ahead += 1;
    } else if (length > this.#length || length === FULL || this.#ahead > 0) {
      this.#depth += 1;
      this.#ahead = 0;
    }
    this.#going = false;
    this.#length = length;
  }

  get canGoBack() {
    return this.#depth > 0;
  }

  back() {
    if (!this.canGoBack || this.#going) return;
    this.#going = true;
    window.history.back();
  }
}
