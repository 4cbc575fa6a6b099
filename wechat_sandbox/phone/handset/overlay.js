/** Things that lie over the phone's screen for a while: action sheets, large pictures, maps, short notices. */

import { button, el, iconButton } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";

const NOTICE_TIME = 3200;

/**
 * Puts `node` over the screen and answers the function that takes it away. Meanwhile the rest of the
 * screen is inert, Esc closes, and the focus goes back where it was. `closed` is called in any case.
 */
function cover(screen, node, closed = () => {}) {
  const before = document.activeElement;
  const others = [...screen.children].filter((child) => !child.inert && !child.classList.contains("notice"));
  for (const child of others) child.inert = true;
  const close = () => {
    if (!node.isConnected) return;
    node.remove();
    for (const child of others) child.inert = false;
    if (before?.isConnected) before.focus({ preventScroll: true });
    closed();
  };
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  screen.append(node);
  node.querySelector("button:not(.icon-button), button")?.focus({ preventScroll: true });
  return close;
}

const dialog = (className, label, attributes = {}, ...children) =>
  el("div", { class: className, role: "dialog", "aria-modal": "true", "aria-label": label, ...attributes }, ...children);

/** An action sheet. `choices` are {label, act, testid, danger}; a missing choice (null) is left out. */
export function sheet(screen, label, choices) {
  const option = ({ label, act, testid, danger }) =>
    button({ class: danger ? "danger" : null, "data-testid": testid, onclick: () => { close(); act(); } }, label);
  const node = dialog("sheet", label, { onclick: (event) => event.target === node && close() },
    el("div", { class: "choices" }, choices.filter(Boolean).map(option), button({ class: "cancel", onclick: () => close() }, t("cancel"))));
  const close = cover(screen, node);
}

/** An action sheet as a question: promises the `value` of the choice, or null when dismissed. */
export function choice(screen, label, choices) {
  return new Promise((resolve) => {
    let chosen = null;
    const option = ({ label, value, testid }) => button({ "data-testid": testid, onclick: () => { chosen = value; close(); } }, label);
    const node = dialog("sheet", label, { onclick: (event) => event.target === node && close() },
      el("div", { class: "choices" }, choices.filter(Boolean).map(option), button({ class: "cancel", onclick: () => close() }, t("cancel"))));
    const close = cover(screen, node, () => resolve(chosen));
  });
}

/** The sheet behind ⋯ of the web view: two rows of tiles. `tiles` are {id, icon, label, act}. */
export function tileSheet(screen, label, origin, rows) {
  const tile = ({ id, icon: name, label, act }) =>
    button({ "data-menu-item": id, onclick: () => { close(); act(); } }, el("span", { class: "tile" }, icon(name)), el("span", {}, label));
  const node = dialog("sheet", label, { onclick: (event) => event.target === node && close() },
    el("div", { class: "choices tiles" },
      el("p", { class: "origin" }, origin),
      rows.filter((row) => row.length).map((row) => el("div", { class: "tile-row" }, row.map(tile))),
      button({ class: "cancel", onclick: () => close() }, t("cancel"))));
  const close = cover(screen, node);
}

/** Asks for a decision; promises the chosen option's `value`, or null when dismissed. */
export function confirmSheet(screen, label, content, options, testid) {
  return new Promise((resolve) => {
    let chosen = null;
    const node = dialog("sheet", label, { "data-testid": testid },
      el("div", { class: "choices confirm" }, content,
        el("div", { class: "decision" }, options.map(({ label, value, primary }) =>
          button({ class: primary ? "primary" : null, onclick: () => { chosen = value; close(); } }, label)))));
    const close = cover(screen, node, () => resolve(chosen));
  });
}

/** Shows {type: "image" | "video", url} as large as the screen allows. */
export function viewer(screen, { type, url }) {
  if (type === "image") {
    gallery(screen, [url], 0);
    return;
  }
  const media = el("video", { src: url, controls: true, autoplay: true, playsinline: true });
  const node = dialog("viewer", t("bubble.video"), { "data-testid": "viewer", onclick: (event) => event.target !== media && close() },
    iconButton("close", t("close"), () => close()), media);
  const close = cover(screen, node);
}

/** Pictures large, one at a time; the arrow keys and the buttons lead to the next. */
export function gallery(screen, urls, start) {
  let index = Math.max(0, start);
  const picture = el("img", { alt: t("bubble.picture") });
  const count = el("span", { class: "count" });
  const node = dialog("viewer", t("bubble.look"), { "data-testid": "viewer", onclick: (event) => event.target === node && close(), onkeydown: (event) => {
    if (event.key === "ArrowRight") turn(1);
    if (event.key === "ArrowLeft") turn(-1);
  } },
    iconButton("close", t("close"), () => close()), picture,
    urls.length > 1 ? [iconButton("back", t("previous"), () => turn(-1), { class: "icon-button step before" }), iconButton("chevron", t("next"), () => turn(1), { class: "icon-button step after" }), count] : null);

  function turn(by) {
    index = (index + by + urls.length) % urls.length;
    picture.src = urls[index];
    count.textContent = `${index + 1} / ${urls.length}`;
  }
  turn(0);
  picture.addEventListener("click", () => close());
  const close = cover(screen, node);
}

/** A place on a map, as openLocation and a tap on a location bubble show it. */
export function mapView(screen, { name, address, latitude, longitude, scale }) {
  const node = dialog("map-view", t("bubble.place"), { "data-testid": "map" },
    el("div", { class: "map" }, iconButton("back", t("back"), () => close()), icon("place")),
    el("div", { class: "map-words" }, el("strong", {}, name || t("bubble.place")),
      address ? el("p", {}, address) : null,
      el("p", { class: "quiet" }, `${latitude}, ${longitude}${scale ? ` · ${scale}` : ""}`)));
  const close = cover(screen, node);
}

/** A dark notice in the middle of the screen that goes away by itself. */
export function notice(screen, text) {
  screen.querySelector(":scope > .notice")?.remove();
  const node = el("div", { class: "notice", role: "alert" }, text);
  screen.append(node);
  setTimeout(() => node.remove(), NOTICE_TIME);
}
