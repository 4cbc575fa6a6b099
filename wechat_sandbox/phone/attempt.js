/** Run what a touch does and tell the user when the sandbox refuses it. */

import { reasonOf } from "./words.js";

/**
 * Return a decorator for functions: the function it returns calls `act`, and if that throws, passes the
 * reason to `say` and returns null.
 * @param {(text: string) => void} say
 */
export const attempts = (say) =>
  /**
   * @template {unknown[]} Args
   * @template Result
   * @param {(...args: Args) => Result | Promise<Result>} act
   * @returns {(...args: Args) => Promise<Result | null>}
   */
  (act) => async (...args) => {
    try {
      return await act(...args);
    } catch (error) {
      say(reasonOf(error));
      return null;
    }
  };
