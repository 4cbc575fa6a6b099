/**
 * Build elements. Text always goes in as text nodes: nicknames, messages and replies can be
 * hostile, so nothing in this folder uses innerHTML.
 */

/** @import { IconName } from "./icons.js" */

import { icon } from "./icons.js";
import { reasonOf } from "./words.js";

/** @typedef {Node | string | null | undefined | false} Child what is no node and no string is left out */
/** @typedef {Child | (Child | Child[])[]} Children */

/**
 * Attributes and listeners of an element. `null`, `undefined` and `false` leave an attribute out, `true`
 * gives it no value.
 * @typedef {{
 *   onclick?: (event: MouseEvent) => unknown,
 *   onkeydown?: (event: KeyboardEvent) => unknown,
 *   onsubmit?: ((event: SubmitEvent) => unknown) | null | false,
 *   oninput?: (event: Event) => unknown,
 *   onchange?: (event: Event) => unknown,
 *   [name: string]: string | number | boolean | null | undefined | ((event: never) => unknown),
 * }} Attributes
 */

/**
 * Build an element with attributes, listeners and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {Children[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * Build a button of `type="button"`.
 * @param {Attributes} attributes
 * @param {Children[]} children
 */
export const button = (attributes, ...children) => el("button", { type: "button", ...attributes }, ...children);

/**
 * Build a button that shows only an icon; screen readers and the tooltip show the label.
 * @param {IconName} name
 * @param {string} label
 * @param {(event: MouseEvent) => unknown} onclick
 * @param {Attributes} attributes
 */
export const iconButton = (name, label, onclick, attributes = {}) =>
  button({ class: "icon-button", "aria-label": label, title: label, onclick, ...attributes }, icon(name));

/**
 * Build a button whose work takes time: a second click meanwhile does nothing, and `said` shows an error.
 * The button is not disabled, because that would take the focus away.
 * @param {Attributes} attributes
 * @param {() => unknown} work
 * @param {HTMLElement} said
 * @param {Children[]} children
 */
export function action(attributes, work, said, ...children) {
  let busy = false;
  return button({ ...attributes, onclick: async () => {
    if (busy) return;
    busy = true;
    said.textContent = "";
    try {
      await work();
    } catch (error) {
      said.textContent = reasonOf(error);
    }
    busy = false;
  } }, ...children);
}

/**
 * Build a picture of a user or of the account: without one, the first letter of the name on a colour.
 * @param {string | undefined} src
 * @param {string | undefined} name
 */
export function avatar(src, name, className = "avatar") {
  const letter = el("span", { class: `${className} letter`, "aria-hidden": "true" }, [...(name || "？")][0]);
  const address = webAddress(src);
  if (!address) return letter;
  const image = el("img", { class: className, src: address, alt: "" });
  image.addEventListener("error", () => image.replaceWith(letter));
  return image;
}

/**
 * Return the absolute http(s) address of `value`, or null: `javascript:` and `data:` never get through.
 * @param {unknown} value
 */
export function webAddress(value) {
  if (!value) return null;
  try {
    const url = new URL(String(value), location.origin);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * Save `text` as a file of the developer's computer.
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/**
 * Make `parent` hold exactly `nodes`. What stays is not moved, so it keeps its focus.
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} nodes
 */
export function place(parent, nodes) {
  const keep = new Set(nodes);
  for (const child of [...parent.children]) if (child instanceof HTMLElement && !keep.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}
