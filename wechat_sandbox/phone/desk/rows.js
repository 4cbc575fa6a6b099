/**
 * Show a long list of rows of one height, newest first, of which only the visible ones are built. While the
 * list is scrolled away from its top, new rows do not move the visible ones.
 */

import { el, place } from "../dom.js";

/** How many rows are built beyond the visible ones, above and below. */
const SPARE = 8;

/**
 * @template {{ key: string }} Entry
 * @param {HTMLElement} root
 * @param {number} height of a row, in pixels
 * @param {object} source
 * @param {(index: number) => Entry} source.at returns the entry of a row
 * @param {(entry: Entry) => HTMLElement} source.build builds its node
 * @param {(entry: Entry | null) => void} source.choose is called when the selection changes
 * @param {string} source.label
 */
export function rowList(root, height, { at, build, choose, label }) {
  const inner = el("div", { class: "rows-inner" });
  let count = 0;
  /** @type {Map<string, { node: HTMLElement, entry: Entry, index: number }>} the built rows by key */
  let built = new Map();
  /** @type {string | null} */
  let selected = null;
  root.setAttribute("role", "listbox");
  root.setAttribute("aria-label", label);
  root.tabIndex = 0;
  root.append(inner);

  function draw() {
    const first = Math.max(0, Math.floor(root.scrollTop / height) - SPARE);
    const last = Math.min(count, Math.ceil((root.scrollTop + root.clientHeight) / height) + SPARE);
    const next = new Map();
    for (let index = first; index < last; index += 1) {
      const entry = at(index);
      const row = built.get(entry.key) ?? { node: make(entry), entry, index };
      row.node.style.transform = `translateY(${index * height}px)`;
      row.index = index;
      next.set(entry.key, row);
    }
    built = next;
    place(inner, [...next.values()].map(({ node }) => node));
  }

  /** @param {Entry} entry */
  function make(entry) {
    const node = build(entry);
    node.id = `row-${entry.key}`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(entry.key === selected));
    node.addEventListener("click", () => select(entry));
    return node;
  }

  /** @param {Entry | null} entry */
  function select(entry) {
    selected = entry?.key ?? null;
    for (const { node, entry: other } of built.values()) node.setAttribute("aria-selected", String(other.key === selected));
    if (selected) root.setAttribute("aria-activedescendant", `row-${selected}`);
    else root.removeAttribute("aria-activedescendant");
    choose(entry ?? null);
  }

  /** @param {number} step how many rows down, or up if negative */
  function move(step) {
    if (count === 0) return;
    const now = (selected ? built.get(selected)?.index : undefined) ?? (step > 0 ? -1 : count);
    const index = Math.min(count - 1, Math.max(0, now + step));
    if (index * height < root.scrollTop) root.scrollTop = index * height;
    if ((index + 1) * height > root.scrollTop + root.clientHeight) root.scrollTop = (index + 1) * height - root.clientHeight;
    draw();
    select(at(index));
  }

  root.addEventListener("scroll", draw, { passive: true });
  root.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -count, End: count };
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    move(steps[event.key]);
  });
  new ResizeObserver(draw).observe(root);

  return {
    select,
    /**
     * Set the number of entries.
     * @param {number} total
     * @param {number} added how many of them are new at the top
     * @param {boolean} anew true to build all rows anew
     */
    set(total, added, anew) {
      const away = root.scrollTop > height;
      count = total;
      if (anew) built = new Map();
      inner.style.height = `${total * height}px`;
      if (anew) root.scrollTop = 0;
      else if (away) root.scrollTop += added * height;
      draw();
    },
  };
}
