/** The account's menu in the bottom bar, with its pop-up sub-menus. */

import { button, el } from "../dom.js";
import { icon } from "../icons.js";

/** `tap(path, button)` is called for a leaf; `path` counts as in the control API: [0] or [0, 1]. */
export function menuView(bar, hand, tap) {
  let open = null;
  let drawn = null;

  function draw() {
    const wanted = `${hand.openid} ${JSON.stringify(hand.menu)}`;
    if (wanted === drawn) return;
    drawn = wanted;
    open = null;
    bar.replaceChildren(...hand.menu.button.map(top));
  }

  function top(item, index) {
    const parent = item.sub_button?.length > 0;
    const control = button({
      class: "menu-button",
      "data-testid": "menu-button",
      "aria-haspopup": parent ? "menu" : null,
      "aria-expanded": parent ? "false" : null,
      onclick: () => (parent ? toggle(slot) : leaf([index], item)),
    }, parent ? icon("menu") : null, el("span", {}, item.name));
    const slot = el("div", { class: "menu-slot" }, control, parent ? popup(item, index) : null);
    return slot;
  }

  function popup(item, index) {
    const items = item.sub_button.map((sub, place) =>
      button({ role: "menuitem", "data-testid": "submenu-item", onclick: () => leaf([index, place], sub) }, sub.name));
    return el("div", { class: "submenu", role: "menu", "aria-label": item.name, hidden: true, onkeydown: move }, items);
  }

  function leaf(path, item) {
    close();
    tap(path, item);
  }

  function toggle(slot) {
    const again = open === slot;
    close();
    if (again) return;
    open = slot;
    slot.querySelector(".submenu").hidden = false;
    slot.querySelector(".menu-button").setAttribute("aria-expanded", "true");
    slot.querySelector(".submenu button").focus({ preventScroll: true });
  }

  function close() {
    if (!open) return;
    open.querySelector(".submenu").hidden = true;
    open.querySelector(".menu-button").setAttribute("aria-expanded", "false");
    open = null;
  }

  function move(event) {
    const items = [...event.currentTarget.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
  }

  bar.addEventListener("focusout", (event) => {
    if (open && !open.contains(event.relatedTarget)) close();
  });
  bar.ownerDocument.addEventListener("pointerdown", (event) => {
    if (open && !open.contains(event.target)) close();
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    const control = open.querySelector(".menu-button");
    close();
    control.focus();
  });
  hand.addEventListener("menu", draw);
}
