/**
 * The chat: messages, time lines, and what is still on its way. Messages stand in blocks, and only the
 * blocks near the visible part are built, so ten thousand messages scroll like fifty. A block that is
 * not built keeps its height, measured or guessed.
 */

import { avatar, button, el, place } from "../dom.js";
import { chatTime, TIME_LINE_GAP } from "../time.js";
import { t, tell } from "../words.js";
import { ACCOUNT_AVATAR } from "../world.js";
import { BARE, bubbleContent } from "./bubbles.js";

const BLOCK = 50;
/** Blocks are built this far (in pixels) before they come into sight. */
const AHEAD = 1500;
/** How near to its end (in pixels) a chat must be to follow new messages. */
const NEAR_END = 80;
/** Guessed height of a message that was never built. */
const GUESS = 70;
/** More than this at once arrive without a movement. */
const MOVED = 4;
/** What WeChat itself says, whose words are the page's; any other failure line is the developer's. */
const FAILURE_LINES = {
  "该公众号提供的服务出现故障，请稍后再试": "line.failing",
  "该公众号暂时无法提供服务，请稍后再试": "line.unavailable",
};

/** `pill` says how much has come below what is in sight; a tap on it leads there. */
export function chatView(list, pill, hand, actions) {
  const draftList = el("div", { class: "drafts" });
  let blocks = [];
  let transcript = null;
  let version = -1;
  let drawnDrafts = new Map();
  let atEnd = true;
  let below = 0;

  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const block = blocks[Number(target.dataset.block)];
      // A chat out of sight measures nothing.
      if (block?.node !== target || boundingClientRect.width === 0) continue;
      if (isIntersecting) build(block);
      else if (block !== blocks.at(-1)) unbuild(block, boundingClientRect.height);
    }
  }, { root: list, rootMargin: `${AHEAD}px 0px` });

  function addBlock(first) {
    const node = el("div", { class: "block", "data-block": String(blocks.length) });
    const block = { node, first, count: 0, built: false };
    blocks.push(block);
    draftList.before(node);
    near.observe(node);
    return block;
  }

  /** `still`: what was there before does not fly in again. */
  function build(block, still = true) {
    if (block.built) return;
    block.built = true;
    block.node.style.height = "";
    block.node.replaceChildren(...range(block.first, block.first + block.count).flatMap((index) => rows(index, still)));
  }

  function unbuild(block, height) {
    if (!block.built) return;
    block.built = false;
    block.node.style.height = `${height}px`;
    block.node.replaceChildren();
  }

  function rows(index, still) {
    const message = transcript.messages[index];
    const before = transcript.messages[index - 1]?.at ?? -Infinity;
    const row = message.from === "system" ? systemLine(message) : bubbleRow(message);
    if (still) row.classList.add("still");
    return message.at - before > TIME_LINE_GAP ? [el("div", { class: "time" }, chatTime(message.at, hand.now())), row] : [row];
  }

  function bubbleRow(message) {
    const mine = message.from === "user";
    const face = mine ? avatar(hand.user?.avatar, hand.user?.nickname) : avatar(ACCOUNT_AVATAR, hand.account.name);
    const bubble = el("div", {
      class: BARE.has(message.type) ? "bubble bare" : "bubble",
      "data-testid": "bubble",
      "data-from": message.from,
      "data-type": message.type,
      "data-draft": message.draft,
    }, bubbleContent(message, actions));
    return el("div", { class: `row ${message.from}` }, face, bubble, mine ? stage(message) : null);
  }

  function stage(message) {
    if (message.draft === "failed") {
      const words = t("draft.failed", { reason: message.reason });
      return button({ class: "resend", title: words, "aria-label": words, onclick: () => actions.resend(message) }, "!");
    }
    return message.draft ? el("span", { class: "sending", role: "status", "aria-label": t("draft.sending") }) : null;
  }

  function startAnew() {
    near.disconnect();
    transcript = hand.transcript;
    version = transcript.version;
    blocks = [];
    drawnDrafts = new Map();
    draftList.replaceChildren();
    list.replaceChildren(draftList);
    for (let first = 0; first < transcript.messages.length; first += BLOCK) {
      const block = addBlock(first);
      block.count = Math.min(BLOCK, transcript.messages.length - first);
      block.node.style.height = `${block.count * GUESS}px`;
    }
    for (const block of blocks.slice(-2)) build(block);
    atEnd = true;
  }

  function append(still) {
    const drawn = blocks.length ? blocks.at(-1).first + blocks.at(-1).count : 0;
    const fresh = transcript.messages.length - drawn;
    for (const index of range(drawn, transcript.messages.length)) {
      let block = blocks.at(-1);
      if (!block || block.count === BLOCK) {
        block = addBlock(index);
        block.built = true;
      }
      build(block);
      block.count += 1;
      block.node.append(...rows(index, still || fresh > MOVED));
    }
    return fresh;
  }

  function drawDrafts() {
    const next = new Map(transcript.drafts.map((draft) => [draft.key, drawnDrafts.get(draft.key)?.draft === draft
      ? drawnDrafts.get(draft.key)
      : { draft, node: bubbleRow(draft) }]));
    const mine = [...next.keys()].some((key) => !drawnDrafts.has(key));
    const settled = [...drawnDrafts.keys()].some((key) => !next.has(key));
    for (const [key, { node }] of next) if (drawnDrafts.has(key)) node.classList.add("still");
    drawnDrafts = next;
    place(draftList, [...next.values()].map(({ node }) => node));
    return { mine, settled };
  }

  function draw() {
    const anew = transcript !== hand.transcript || version !== hand.transcript.version;
    const kept = !anew || transcript !== hand.transcript ? null : list.scrollTop;
    const follow = atEnd || transcript !== hand.transcript;
    if (anew) startAnew();
    const { mine, settled } = drawDrafts();
    const fresh = append(anew || settled);
    if (follow || mine) {
      toEnd();
      return;
    }
    if (kept !== null) list.scrollTop = kept;
    if (!anew) tellBelow(below + transcript.messages.slice(transcript.messages.length - fresh).filter(({ from }) => from !== "user").length);
  }

  function toEnd() {
    list.scrollTop = list.scrollHeight;
    atEnd = true;
    tellBelow(0);
  }

  function tellBelow(count) {
    below = count;
    pill.hidden = count === 0;
    pill.textContent = t("chat.news", { count });
  }

  /** Faces and names are in the rows: another user or account means other rows. */
  function redraw() {
    transcript = null;
    draw();
  }

  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    if (atEnd) tellBelow(0);
  });
  pill.addEventListener("click", toEnd);
  // A picture that arrives later pushes the end away; `load` does not bubble, so it is caught going down.
  for (const event of ["load", "loadedmetadata"]) list.addEventListener(event, () => atEnd && toEnd(), true);
  const size = new ResizeObserver(() => atEnd && toEnd());
  size.observe(list);

  let face = null;
  hand.addEventListener("messages", draw);
  for (const event of ["held", "account", "user"]) {
    hand.addEventListener(event, () => {
      const now = [hand.openid, hand.user?.nickname, hand.user?.avatar, hand.account.name].join("\n");
      if (now === face) return;
      face = now;
      redraw();
    });
  }

  return { toEnd };
}

function systemLine(message) {
  return el("div", { class: "system" },
    el("span", { "data-testid": "bubble", "data-from": "system", "data-type": message.type }, tell(FAILURE_LINES[message.content], message.content)));
}

const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
