/**
 * A long list of rows of one height, newest first, of which only the visible ones are built. While the
 * list is scrolled away from its top, what is in sight stays in sight, whatever arrives.
 */

import { el, place } from "../dom.js";

/** Rows built beyond the visible ones, above and below. */
const SPARE = 8;

/** `at(index)` is the entry of a row, with a `key`; `build(entry)` its node; `choose(entry)` a selection. */
export function rowList(root, height, { at, build, choose, label }) {
  const inner = el("div", { class: "rows-inner" });
  let count = 0;
  let built = new Map();
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
      const row = built.get(entry.key) ?? make(entry);
      row.node.style.transform = `translateY(${index * height}px)`;
      row.index = index;
      next.set(entry.key, row);
    }
    built = next;
    place(inner, [...next.values()].map(({ node }) => node));
  }

  function make(entry) {
    const node = build(entry);
    node.id = `row-${entry.key}`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(entry.key === selected));
    node.addEventListener("click", () => select(entry));
    return { node, entry };
  }

  function select(entry) {
    selected = entry?.key ?? null;
    for (const { node, entry: other } of built.values()) node.setAttribute("aria-selected", String(other.key === selected));
    if (selected) root.setAttribute("aria-activedescendant", `row-${selected}`);
    else root.removeAttribute("aria-activedescendant");
    choose(entry ?? null);
  }

  function move(step) {
    if (count === 0) return;
    const now = built.get(selected)?.index ?? (step > 0 ? -1 : count);
    const index = Math.min(count - 1, Math.max(0, now + step));
    if (index * height < root.scrollTop) root.scrollTop = index * height;
    if ((index + 1) * height > root.scrollTop + root.clientHeight) root.scrollTop = (index + 1) * height - root.clientHeight;
    draw();
    select(at(index));
  }

  root.addEventListener("scroll", draw, { passive: true });
  root.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -count, End: count }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(step);
  });
  new ResizeObserver(draw).observe(root);

  return {
    select,
    /** The list has so many entries now, `added` of them new at its top; `anew` forgets what was built. */
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
