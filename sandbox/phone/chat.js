/** The chat: messages of the active user, time lines, and what is still on its way. */

import { BARE, bubbleContent } from "./bubbles.js";
import { avatar, el } from "./dom.js";
import { ACCOUNT_AVATAR } from "./store.js";
import { chatTime, TIME_LINE_GAP } from "./time.js";

/** How near to its end (in pixels) a chat must be to follow new messages. */
const NEAR_END = 80;

export function chatView(list, store, actions) {
  /** key -> {message, node}: a node is only built anew when its message is another object. */
  let drawn = new Map();
  let owner = null;

  function node(message) {
    const known = drawn.get(message.key);
    if (known?.message === message) return known.node;
    const built = message.from === "system" ? systemLine(message) : row(message);
    if (known || owner !== store.active) built.classList.add("still");
    return built;
  }

  function row(message) {
    const mine = message.from === "user";
    const face = mine ? avatar(store.user?.avatar, store.user?.nickname) : avatar(ACCOUNT_AVATAR, store.account.name);
    const bubble = el("div", {
      class: BARE.has(message.type) ? "bubble bare" : "bubble",
      "data-testid": "bubble",
      "data-from": message.from,
      "data-type": message.type,
      "data-draft": message.draft,
    }, bubbleContent(message, actions));
    return el("li", { class: `row ${message.from}` }, face, bubble, mine ? stage(message) : null);
  }

  function stage(message) {
    if (message.draft === "failed") {
      return el("button", { type: "button", class: "resend", title: `${message.reason}（点按重发）`, "aria-label": `没有发出去：${message.reason}。点按重发`, onclick: () => actions.resend(message) }, "!");
    }
    return message.draft ? el("span", { class: "sending", role: "status", "aria-label": "发送中" }) : null;
  }

  function draw() {
    const follow = owner !== store.active || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    const messages = store.messages();
    const mineIsNew = messages.some((message) => message.draft && !drawn.has(message.key));
    const next = new Map();
    const nodes = [];
    let before = -Infinity;
    for (const message of messages) {
      if (message.at - before > TIME_LINE_GAP) nodes.push(el("li", { class: "time" }, chatTime(message.at, store.now())));
      before = message.at;
      const built = node(message);
      next.set(message.key, { message, node: built });
      nodes.push(built);
    }
    drawn = next;
    owner = store.active;
    place(list, nodes);
    if (follow || mineIsNew) toEnd();
  }

  const toEnd = () => list.scrollTo({ top: list.scrollHeight });

  // Faces and names are in the rows: another user or account means other rows.
  const redraw = () => {
    drawn = new Map();
    draw();
  };
  store.addEventListener("messages", () => (owner === store.active ? draw() : redraw()));
  store.addEventListener("active", redraw);

  // A picture that arrives later pushes the end away; `load` does not bubble, so it is caught going down.
  let atEnd = true;
  list.addEventListener("scroll", () => (atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END));
  for (const event of ["load", "loadedmetadata"]) list.addEventListener(event, () => atEnd && toEnd(), true);
  new ResizeObserver(() => atEnd && toEnd()).observe(list);
}

function systemLine(message) {
  return el("li", { class: "system" },
    el("span", { "data-testid": "bubble", "data-from": "system", "data-type": message.type }, message.content));
}

/** Makes `list` hold exactly `nodes`, moving as little as possible, so that nothing on show is reloaded. */
function place(list, nodes) {
  const keep = new Set(nodes);
  for (const child of [...list.children]) if (!keep.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}
