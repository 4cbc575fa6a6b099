/** A row of tabs: arrow keys move between them, as screen readers expect. */

import { button } from "../dom.js";

/** Fills `bar` with `items` {name, label, controls}; answers the function that selects one by its name. */
export function tabs(bar, items, chosen) {
  const nodes = new Map(items.map(({ name, label, controls }) =>
    [name, button({ role: "tab", "data-tab": name, "aria-controls": controls, onclick: () => select(name) }, label)]));

  function select(name) {
    const wanted = nodes.has(name) ? name : items[0].name;
    for (const [other, node] of nodes) {
      node.setAttribute("aria-selected", String(other === wanted));
      node.tabIndex = other === wanted ? 0 : -1;
    }
    chosen(wanted);
  }

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = [...nodes.keys()];
    const now = names.findIndex((name) => nodes.get(name) === document.activeElement);
    const next = names.at((now + step) % names.length);
    select(next);
    nodes.get(next).focus();
  });
  bar.replaceChildren(...nodes.values());
  return select;
}
