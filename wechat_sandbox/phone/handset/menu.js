/** Show the account's menu in the bottom bar, with its pop-up sub-menus. */

/** @import { MenuButton } from "../types.js" */
/** @import { Hand } from "./hand.js" */

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { query } from "../query.js";

/**
 * @param {HTMLElement} bar
 * @param {Hand} hand
 * @param {(path: number[], item: MenuButton) => void} tap is called for a button without a sub-menu; the path
 *   counts as in the control API: [0] or [0, 1]
 */
export function menuView(bar, hand, tap) {
  /** @type {HTMLElement | null} */
  let open = null;
  /** @type {string | null} */
  let drawn = null;

  function draw() {
    const wanted = `${hand.openid} ${JSON.stringify(hand.menu)}`;
    if (wanted === drawn) return;
    drawn = wanted;
    open = null;
    bar.replaceChildren(...hand.menu.button.map(top));
  }

  /**
   * @param {MenuButton} item
   * @param {number} index
   * @returns {HTMLElement}
   */
  function top(item, index) {
    const below = item.sub_button ?? [];
    const parent = below.length > 0;
    const control = button({
      class: "menu-button",
      "data-testid": "menu-button",
      "aria-haspopup": parent ? "menu" : null,
      "aria-expanded": parent ? "false" : null,
      onclick: () => (parent ? toggle(slot) : leaf([index], item)),
    }, parent ? icon("menu") : null, el("span", {}, item.name));
    /** @type {HTMLElement} */
    const slot = el("div", { class: "menu-slot" }, control, parent ? popup(item.name, below, index) : null);
    return slot;
  }

  /**
   * @param {string} name
   * @param {MenuButton[]} below
   * @param {number} index
   */
  function popup(name, below, index) {
    const items = below.map((sub, place) =>
      button({ role: "menuitem", "data-testid": "submenu-item", onclick: () => leaf([index, place], sub) }, sub.name));
    return el("div", { class: "submenu", role: "menu", "aria-label": name, hidden: true, onkeydown: move }, items);
  }

  /**
   * @param {number[]} path
   * @param {MenuButton} item
   */
  function leaf(path, item) {
    close();
    tap(path, item);
  }

  /** @param {HTMLElement} slot */
  function toggle(slot) {
    const again = open === slot;
    close();
    if (again) return;
    open = slot;
    query(slot, ".submenu").hidden = false;
    query(slot, ".menu-button").setAttribute("aria-expanded", "true");
    query(slot, ".submenu button").focus({ preventScroll: true });
  }

  function close() {
    if (!open) return;
    query(open, ".submenu").hidden = true;
    query(open, ".menu-button").setAttribute("aria-expanded", "false");
    open = null;
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !open) return;
    event.preventDefault();
    const items = [...open.querySelectorAll("button[role=menuitem]")].filter((item) => item instanceof HTMLElement);
    const now = items.findIndex((item) => item === document.activeElement);
    items.at((now + step) % items.length)?.focus();
  }

  bar.addEventListener("focusout", (event) => {
    if (open && !open.contains(nodeOf(event.relatedTarget))) close();
  });
  bar.ownerDocument.addEventListener("pointerdown", (event) => {
    if (open && !open.contains(nodeOf(event.target))) close();
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    const control = query(open, ".menu-button");
    close();
    control.focus();
  });
  hand.addEventListener("menu", draw);
}

/** @param {EventTarget | null} target */
const nodeOf = (target) => (target instanceof Node ? target : null);
