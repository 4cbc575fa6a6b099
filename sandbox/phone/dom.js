/**
 * Builds elements. Text always goes in as text nodes: nicknames, messages and replies are hostile
 * input here, so nothing in this folder ever touches innerHTML.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Icons drawn on a 24 x 24 grid with strokes only, so that `color` paints them. */
const ICONS = {
  back: ["M15 4 7 12l8 8"],
  more: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  close: ["M5 5l14 14", "M19 5 5 19"],
  reload: ["M20 12a8 8 0 1 1-2.4-5.7", "M20 3v5h-5"],
  keyboard: ["M3 6h18v12H3z", "M7 10h.01", "M11 10h.01", "M15 10h.01", "M7 14h10"],
  menu: ["M5 7h14", "M5 12h14", "M5 17h14"],
  plus: ["M12 3a9 9 0 1 0 .01 0", "M12 8v8", "M8 12h8"],
  picture: ["M3 5h18v14H3z", "M3 16l5-5 5 5 3-3 5 4", "M16 9h.01"],
  voice: ["M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3z", "M6 11a6 6 0 0 0 12 0", "M12 17v4"],
  video: ["M3 6h12v12H3z", "M15 11l6-4v10l-6-4"],
  place: ["M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21z", "M12 12a2.5 2.5 0 1 0-.01 0"],
  link: ["M10 14a4 4 0 0 0 5.7 0l3.3-3.3a4 4 0 0 0-5.7-5.7l-1.5 1.5", "M14 10a4 4 0 0 0-5.7 0L5 13.3A4 4 0 0 0 10.7 19l1.5-1.5"],
  scan: ["M4 8V4h4", "M16 4h4v4", "M20 16v4h-4", "M8 20H4v-4", "M4 12h16"],
  people: ["M9 11a3.5 3.5 0 1 0-.01 0", "M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6", "M16 4.5a3.5 3.5 0 0 1 0 6.5", "M18 14.5c2.2.8 3.5 2.7 3.5 5.5"],
  panel: ["M4 5h16v14H4z", "M4 10h16", "M9 10v9"],
  play: ["M8 5v14l11-7z"],
  music: ["M9 18V6l10-2v12", "M9 18a2.5 2.5 0 1 1-2.5-2.5A2.5 2.5 0 0 1 9 18z", "M19 16a2.5 2.5 0 1 1-2.5-2.5A2.5 2.5 0 0 1 19 16z"],
  sound: ["M6 12h.01", "M9.5 8.5a5 5 0 0 1 0 7", "M13 5.5a9 9 0 0 1 0 13"],
};

/** An element with attributes, listeners (`onclick`) and children (nodes, strings; null is left out). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A button that shows only an icon; the label is for screen readers and the tooltip. */
export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
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
