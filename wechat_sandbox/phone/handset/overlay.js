/** Show what lies over the phone's screen for a while: action sheets, large pictures, maps, short notices. */

/** @import { Attributes, Children } from "../dom.js" */
/** @import { IconName } from "../icons.js" */

import { button, el, iconButton } from "../dom.js";
import { icon } from "../icons.js";
import { focused } from "../query.js";
import { t } from "../words.js";

/** @typedef {{ label: string, act: () => void, testid?: string, danger?: boolean }} SheetChoice */
/** @typedef {{ id: string, icon: IconName, label: string, act: () => void }} Tile */
/** @typedef {{ type: "image" | "video", url?: string }} Media */
/** @typedef {{ name?: string, address?: string, latitude: unknown, longitude: unknown, scale?: unknown }} MapPlace */

/** How long a notice stays, in milliseconds. */
const NOTICE_TIME = 3200;

/**
 * Put `node` over the screen, and return the function that removes it. Meanwhile the rest of the screen is
 * inert, and Esc closes; then the focus goes back where it was.
 * @param {HTMLElement} screen
 * @param {HTMLElement} node
 * @param {() => void} closed is called however the node was closed
 */
function cover(screen, node, closed = () => {}) {
  const before = focused();
  const others = [...screen.children].filter((child) => child instanceof HTMLElement)
    .filter((child) => !child.inert && !child.classList.contains("notice"));
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
  /** @type {HTMLElement | null} */
  const first = node.querySelector("button:not(.icon-button), button");
  first?.focus({ preventScroll: true });
  return close;
}

/** @type {(className: string, label: string, attributes: Attributes, ...children: Children[]) => HTMLElement} */
const dialog = (className, label, attributes, ...children) =>
  el("div", { class: className, role: "dialog", "aria-modal": "true", "aria-label": label, ...attributes }, ...children);

/**
 * Show an action sheet.
 * @param {HTMLElement} screen
 * @param {string} label
 * @param {(SheetChoice | false | null | undefined)[]} choices what is no choice is left out
 */
export function sheet(screen, label, choices) {
  /** @param {SheetChoice} choice */
  const option = ({ label, act, testid, danger }) =>
    button({ class: danger ? "danger" : null, "data-testid": testid, onclick: () => { close(); act(); } }, label);
  const node = dialog("sheet", label, { onclick: (event) => event.target === node && close() },
    el("div", { class: "choices" }, choices.filter((choice) => !!choice).map(option), button({ class: "cancel", onclick: () => close() }, t("cancel"))));
  const close = cover(screen, node);
}

/**
 * Ask with an action sheet. Promise the `value` of the choice, or null when the user closes the sheet.
 * @param {HTMLElement} screen
 * @param {string} label
 * @param {({ label: string, value: string, testid?: string } | false)[]} choices
 * @returns {Promise<string | null>}
 */
export function choice(screen, label, choices) {
  return new Promise((resolve) => {
    /** @type {string | null} */
    let chosen = null;
    /** @param {{ label: string, value: string, testid?: string }} choice */
    const option = ({ label, value, testid }) => button({ "data-testid": testid, onclick: () => { chosen = value; close(); } }, label);
    const node = dialog("sheet", label, { onclick: (event) => event.target === node && close() },
      el("div", { class: "choices" }, choices.filter((choice) => !!choice).map(option), button({ class: "cancel", onclick: () => close() }, t("cancel"))));
    const close = cover(screen, node, () => resolve(chosen));
  });
}

/**
 * Show the sheet behind ⋯ of the web view: rows of tiles.
 * @param {HTMLElement} screen
 * @param {string} label
 * @param {string} origin says where the page comes from
 * @param {Tile[][]} rows
 */
export function tileSheet(screen, label, origin, rows) {
  /** @param {Tile} tile */
  const tile = ({ id, icon: name, label, act }) =>
    button({ "data-menu-item": id, onclick: () => { close(); act(); } }, el("span", { class: "tile" }, icon(name)), el("span", {}, label));
  const node = dialog("sheet", label, { onclick: (event) => event.target === node && close() },
    el("div", { class: "choices tiles" },
      el("p", { class: "origin" }, origin),
      rows.filter((row) => row.length).map((row) => el("div", { class: "tile-row" }, row.map(tile))),
      button({ class: "cancel", onclick: () => close() }, t("cancel"))));
  const close = cover(screen, node);
}

/**
 * Ask for a decision. Promise the chosen option's `value`, or null when the user closes the sheet.
 * @param {HTMLElement} screen
 * @param {string} label
 * @param {Children} content
 * @param {{ label: string, value: string | null, primary?: boolean }[]} options
 * @param {string} testid
 * @returns {Promise<string | null>}
 */
export function confirmSheet(screen, label, content, options, testid) {
  return new Promise((resolve) => {
    /** @type {string | null} */
    let chosen = null;
    const node = dialog("sheet", label, { "data-testid": testid },
      el("div", { class: "choices confirm" }, content,
        el("div", { class: "decision" }, options.map(({ label, value, primary }) =>
          button({ class: primary ? "primary" : null, onclick: () => { chosen = value; close(); } }, label)))));
    const close = cover(screen, node, () => resolve(chosen));
  });
}

/**
 * Show a picture or a video as large as the screen allows.
 * @param {HTMLElement} screen
 * @param {Media} media
 */
export function viewer(screen, { type, url = "" }) {
  if (type === "image") {
    gallery(screen, [url], 0);
    return;
  }
  const media = el("video", { src: url, controls: true, autoplay: true, playsinline: true });
  /** @type {HTMLElement} */
  const node = dialog("viewer", t("bubble.video"), { "data-testid": "viewer", onclick: (event) => event.target !== media && close() },
    iconButton("close", t("close"), () => close()), media);
  const close = cover(screen, node);
}

/**
 * Show large pictures, one at a time; the arrow keys and the buttons lead to the next.
 * @param {HTMLElement} screen
 * @param {string[]} urls
 * @param {number} start index of the first picture; -1 means the first of all
 */
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

  /** @param {number} by */
  function turn(by) {
    index = (index + by + urls.length) % urls.length;
    picture.src = urls[index];
    count.textContent = `${index + 1} / ${urls.length}`;
  }
  turn(0);
  picture.addEventListener("click", () => close());
  const close = cover(screen, node);
}

/**
 * Show a place on a map, for openLocation and for a tap on a location bubble.
 * @param {HTMLElement} screen
 * @param {MapPlace} place
 */
export function mapView(screen, { name, address, latitude, longitude, scale }) {
  const node = dialog("map-view", t("bubble.place"), { "data-testid": "map" },
    el("div", { class: "map" }, iconButton("back", t("back"), () => close()), icon("place")),
    el("div", { class: "map-words" }, el("strong", {}, name || t("bubble.place")),
      address ? el("p", {}, address) : null,
      el("p", { class: "quiet" }, `${latitude}, ${longitude}${scale ? ` · ${scale}` : ""}`)));
  const close = cover(screen, node);
}

/**
 * Show a dark notice in the middle of the screen for a moment.
 * @param {HTMLElement} screen
 * @param {string} text
 */
export function notice(screen, text) {
  screen.querySelector(":scope > .notice")?.remove();
  const node = el("div", { class: "notice", role: "alert" }, text);
  screen.append(node);
  setTimeout(() => node.remove(), NOTICE_TIME);
}
