/**
 * Arrange the two sides. Where the window has room they stand beside the phones; elsewhere they are drawers,
 * which slide in over the phones. The style sheet draws both from `data-drawers` and `data-drawer`.
 */

import { focused, query } from "./query.js";

/** @typedef {"people" | "desk"} Side */

/** The narrowest window, in pixels, in which the users fit beside the phones. */
const PEOPLE_FIT = 700;
/**
 * The same for the desk, by the number of phones.
 * @type {Record<string, number>}
 */
const DESK_FITS = { 1: 1130, 2: 1310, 3: 1660 };

/**
 * @param {HTMLElement} people
 * @param {HTMLElement} desk
 * @param {HTMLElement} scrim
 */
export function drawers(people, desk, scrim) {
  const sides = { people, desk };
  const widths = [PEOPLE_FIT, ...Object.values(DESK_FITS)];
  const queries = new Map(widths.map((width) => [width, matchMedia(`(max-width: ${width - 1}px)`)]));
  /** @type {HTMLElement | null} */
  let opener = null;

  /** Return the names of the sides that are drawers now. */
  function drawersNow() {
    const { phones } = document.body.dataset;
    if (phones === undefined) return [];
    const fits = [["people", PEOPLE_FIT], ["desk", DESK_FITS[phones] ?? DESK_FITS[1]]];
    return fits.filter(([, width]) => queries.get(Number(width))?.matches).map(([name]) => name);
  }

  /** @param {string} name */
  const isDrawer = (name) => (document.body.dataset.drawers ?? "").split(" ").includes(name);

  /** Write which sides are drawers. If that has changed, no drawer stays open. */
  function arrange() {
    const drawers = drawersNow().join(" ");
    if (drawers !== document.body.dataset.drawers) {
      document.body.dataset.drawers = drawers;
      delete document.body.dataset.drawer;
    }
    settle();
  }

  /** @param {Side} name */
  function open(name) {
    if (isDrawer(name)) {
      opener = focused();
      document.body.dataset.drawer = name;
      settle();
    }
    query(sides[name], "[aria-current], [aria-selected=true], button").focus({ preventScroll: true });
  }

  function close() {
    if (!document.body.dataset.drawer) return;
    delete document.body.dataset.drawer;
    settle();
    opener?.focus({ preventScroll: true });
  }

  /** Take closed drawers out of the Tab order, and show the scrim beneath an open one. */
  function settle() {
    for (const [name, side] of Object.entries(sides)) {
      side.inert = isDrawer(name) && document.body.dataset.drawer !== name;
    }
    scrim.hidden = !document.body.dataset.drawer;
  }

  scrim.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && close());
  for (const media of queries.values()) media.addEventListener("change", arrange);
  new MutationObserver(arrange).observe(document.body, { attributeFilter: ["data-phones"] });
  arrange();
  return { open, close };
}
