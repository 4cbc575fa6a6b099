/**
 * Builds elements. Text always goes in as text nodes: nicknames, messages and replies are hostile
 * input here, so nothing in this folder ever touches innerHTML.
 */

import { icon } from "./icons.js";

/** An element with attributes, listeners (`onclick`) and children (nodes, strings; null is left out). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A button of `type="button"`. */
export const button = (attributes, ...children) => el("button", { type: "button", ...attributes }, ...children);

/** A button that shows only an icon; the label is for screen readers and the tooltip. */
export const iconButton = (name, label, onclick, attributes = {}) =>
  button({ class: "icon-button", "aria-label": label, title: label, onclick, ...attributes }, icon(name));

/**
 * A button whose work takes its time: a second click meanwhile does nothing, and what goes wrong is told
 * in `said`. It is not disabled, for that would take the focus away.
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
      said.textContent = error.message;
    }
    busy = false;
  } }, ...children);
}

/** Whoever has no picture gets the first letter of the name on a colour. */
export function avatar(src, name, className = "avatar") {
  const letter = el("span", { class: `${className} letter`, "aria-hidden": "true" }, [...(name || "？")][0]);
  const address = webAddress(src);
  if (!address) return letter;
  const image = el("img", { class: className, src: address, alt: "" });
  image.addEventListener("error", () => image.replaceWith(letter));
  return image;
}

/** The absolute http(s) address of `value`, or null: `javascript:` and `data:` never get through. */
export function webAddress(value) {
  if (!value) return null;
  try {
    const url = new URL(value, location.origin);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Saves `text` as a file of the developer's computer. */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Makes `parent` hold exactly `nodes`, moving as little as possible: what stays keeps its focus. */
export function place(parent, nodes) {
  const keep = new Set(nodes);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}
