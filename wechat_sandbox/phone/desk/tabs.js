/** Build a row of tabs. Arrow keys move between them, as users of screen readers expect. */

import { button } from "../dom.js";

/**
 * Fill `bar` with tabs. Return the function that selects one by its name; an unknown name selects the first.
 * @template {string} Name
 * @param {HTMLElement} bar
 * @param {{ name: Name, label: string, controls: string }[]} items
 * @param {(name: Name) => void} chosen
 */
export function tabs(bar, items, chosen) {
  const names = items.map(({ name }) => name);
  const nodes = new Map(items.map(({ name, label, controls }) =>
    [name, button({ role: "tab", "data-tab": name, "aria-controls": controls, onclick: () => select(name) }, label)]));

  /** @param {string} name */
  function select(name) {
    const wanted = names.find((known) => known === name) ?? names[0];
    for (const [other, node] of nodes) {
      node.setAttribute("aria-selected", String(other === wanted));
      node.tabIndex = other === wanted ? 0 : -1;
    }
    chosen(wanted);
  }

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const now = names.findIndex((name) => nodes.get(name) === document.activeElement);
    const next = names[(now + step + names.length) % names.length];
    select(next);
    nodes.get(next)?.focus();
  });
  bar.replaceChildren(...nodes.values());
  return select;
}
