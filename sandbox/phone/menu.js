/** The account's menu in the bottom bar, with its pop-up sub-menus. */

import { el, icon } from "./dom.js";

/** `tap(path, button)` is called for a leaf; `path` counts as in the control API: [0] or [0, 1]. */
export function menuView(bar, store, tap) {
  let open = null;

  function draw() {
    open = null;
    const buttons = store.menu?.button ?? [];
    bar.replaceChildren(...buttons.map((button, index) => top(button, index)));
  }

  function top(button, index) {
    const parent = button.sub_button?.length > 0;
    const control = el("button", {
      type: "button",
      class: "menu-button",
      "data-testid": "menu-button",
      "aria-haspopup": parent ? "menu" : null,
      "aria-expanded": parent ? "false" : null,
      onclick: () => (parent ? toggle(slot) : leaf([index], button)),
    }, parent ? icon("menu") : null, el("span", {}, button.name));
    const slot = el("div", { class: "menu-slot" }, control, parent ? popup(button, index) : null);
    return slot;
  }

  function popup(button, index) {
    const items = button.sub_button.map((item, place) =>
      el("button", { type: "button", role: "menuitem", "data-testid": "submenu-item", onclick: () => leaf([index, place], item) }, item.name));
    return el("div", { class: "submenu", role: "menu", "aria-label": button.name, hidden: true, onkeydown: move }, items);
  }

  function leaf(path, button) {
    close();
    tap(path, button);
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

  document.addEventListener("pointerdown", (event) => {
    if (open && !open.contains(event.target)) close();
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    const control = open.querySelector(".menu-button");
    close();
    control.focus();
  });
  store.addEventListener("menu", draw);
}
