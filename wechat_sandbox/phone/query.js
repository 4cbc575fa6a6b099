/** Find elements. This module imports nothing, so that WeChat's QR page can use it without loading more files. */

/**
 * Return the element of `root` that `selector` names.
 * @overload
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
/**
 * Return the element of `root` that `selector` names, which is of class `type`.
 * @template {HTMLElement} T
 * @overload
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
/**
 * Throw an Error that names the selector if there is no such element.
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => HTMLElement} type
 */
export function query(root, selector, type = HTMLElement) {
  const node = root.querySelector(selector);
  if (!(node instanceof type)) throw new Error(`The page has no ${type.name} ${selector}`);
  return node;
}

/** Return the element that has the focus, or null. */
export const focused = () => (document.activeElement instanceof HTMLElement ? document.activeElement : null);
