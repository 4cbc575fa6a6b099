/**
 * How far back the frame's pages go. The frame's steps stand in the window's joint history; a step that
 * replaces another (a redirect by script, a reload) does not make it longer.
 */

/** Browsers keep this many steps; from then on the length tells nothing. */
const FULL = 50;

export class History {
  #depth = 0;
  #ahead = 0;
  #length = 0;
  #going = false;

  /** The frame is a new one. */
  begin() {
    this.#depth = 0;
    this.#ahead = 0;
    this.#going = false;
    this.#length = window.history.length;
  }

  /** The frame has loaded another page. */
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
