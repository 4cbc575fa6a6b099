/**
 * Show the chat: messages, time lines, and drafts. Messages are grouped in blocks, and only the blocks near
 * the visible part are built, so ten thousand messages scroll as fast as fifty. A block that is not built
 * keeps its height, measured or guessed.
 */

/** @import { Draft, Message } from "../types.js" */
/** @import { Word } from "../words.js" */
/** @import { BubbleActions } from "./bubbles.js" */
/** @import { Hand } from "./hand.js" */

import { avatar, button, el, place } from "../dom.js";
import { chatTime, TIME_LINE_GAP } from "../time.js";
import { Transcript } from "../transcript.js";
import { t } from "../words.js";
import { ACCOUNT_AVATAR } from "../world.js";
import { BARE, bubbleContent } from "./bubbles.js";

/** How many messages a block holds. */
const BLOCK = 50;
/** How far from the visible part (in pixels) blocks are built. */
const AHEAD = 1500;
/** How near to its end (in pixels) a chat must be to follow new messages. */
const NEAR_END = 80;
/** Guessed height of a message that was never built. */
const GUESS = 70;
/** If more messages than this arrive at once, they appear without a movement. */
const MOVED = 4;
/**
 * The words of WeChat's own failure lines, for the translation. Any other line is a setting of the developer.
 * @type {Record<string, Word>}
 */
const FAILURE_LINES = {
  "该公众号提供的服务出现故障，请稍后再试": "line.failing",
  "该公众号暂时无法提供服务，请稍后再试": "line.unavailable",
};

/** @typedef {{ node: HTMLElement, first: number, count: number, built: boolean }} Block */

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} pill says how many messages have come below the visible part; a tap scrolls to them
 * @param {Hand} hand
 * @param {BubbleActions & { resend: (draft: Draft) => void }} actions
 */
export function chatView(list, pill, hand, actions) {
  const draftList = el("div", { class: "drafts" });
  /** @type {Block[]} */
  let blocks = [];
  let transcript = new Transcript();
  let version = -1;
  /** @type {Map<string, { draft: Draft, node: HTMLElement }>} */
  let drawnDrafts = new Map();
  let atEnd = true;
  let below = 0;

  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const block = blocks[Number(target.getAttribute("data-block"))];
      // A chat that is hidden has no size.
      if (block?.node !== target || boundingClientRect.width === 0) continue;
      if (isIntersecting) build(block);
      else if (block !== blocks.at(-1)) unbuild(block, boundingClientRect.height);
    }
  }, { root: list, rootMargin: `${AHEAD}px 0px` });

  /** @param {number} first index of its first message */
  function addBlock(first) {
    const node = el("div", { class: "block", "data-block": String(blocks.length) });
    const block = { node, first, count: 0, built: false };
    blocks.push(block);
    draftList.before(node);
    near.observe(node);
    return block;
  }

  /**
   * @param {Block} block
   * @param {boolean} still true for messages that were here before: they do not fly in again
   */
  function build(block, still = true) {
    if (block.built) return;
    block.built = true;
    block.node.style.height = "";
    block.node.replaceChildren(...range(block.first, block.first + block.count).flatMap((index) => rows(index, still)));
  }

  /**
   * @param {Block} block
   * @param {number} height in pixels
   */
  function unbuild(block, height) {
    if (!block.built) return;
    block.built = false;
    block.node.style.height = `${height}px`;
    block.node.replaceChildren();
  }

  /**
   * Build the rows of one message: its time line, if it gets one, and its bubble.
   * @param {number} index
   * @param {boolean} still
   */
  function rows(index, still) {
    const message = transcript.messages[index];
    const before = transcript.messages[index - 1]?.at ?? -Infinity;
    const row = message.from === "system" ? systemLine(message) : bubbleRow(message);
    if (still) row.classList.add("still");
    return message.at - before > TIME_LINE_GAP ? [el("div", { class: "time" }, chatTime(message.at, hand.now())), row] : [row];
  }

  /** @param {Message | Draft} message */
  function bubbleRow(message) {
    const mine = message.from === "user";
    const face = mine ? avatar(hand.user?.avatar, hand.user?.nickname) : avatar(ACCOUNT_AVATAR, hand.account.name);
    const bubble = el("div", {
      class: BARE.has(message.type) ? "bubble bare" : "bubble",
      "data-testid": "bubble",
      "data-from": message.from,
      "data-type": message.type,
      "data-draft": "draft" in message && message.draft,
    }, bubbleContent(message, actions));
    return el("div", { class: `row ${message.from}` }, face, bubble, "draft" in message ? stage(message) : null);
  }

  /**
   * Build the sign beside a draft: it is on its way, or it has failed.
   * @param {Draft} message
   */
  function stage(message) {
    if (message.draft === "failed") {
      const words = t("draft.failed", { reason: message.reason });
      return button({ class: "resend", title: words, "aria-label": words, onclick: () => actions.resend(message) }, "!");
    }
    return el("span", { class: "sending", role: "status", "aria-label": t("draft.sending") });
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

  /**
   * Build the messages that have come since the last time. Return their number.
   * @param {boolean} still
   */
  function append(still) {
    const last = blocks.at(-1);
    const drawn = last ? last.first + last.count : 0;
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
    const next = new Map(transcript.drafts.map((draft) => {
      const known = drawnDrafts.get(draft.key);
      return [draft.key, known?.draft === draft ? known : { draft, node: bubbleRow(draft) }];
    }));
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

  /** @param {number} count */
  function tellBelow(count) {
    below = count;
    pill.hidden = count === 0;
    pill.textContent = t("chat.news", { count });
  }

  /** Build all rows anew: they hold the pictures and names of the user and the account. */
  function redraw() {
    transcript = new Transcript();
    draw();
  }

  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    if (atEnd) tellBelow(0);
  });
  pill.addEventListener("click", toEnd);
  // A picture that loads later moves the end. `load` does not bubble, so the listener captures it.
  for (const event of ["load", "loadedmetadata"]) list.addEventListener(event, () => atEnd && toEnd(), true);
  const size = new ResizeObserver(() => atEnd && toEnd());
  size.observe(list);

  /** What the rows show of the user and the account. */
  let face = "";
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

/** @param {Message} message */
function systemLine(message) {
  return el("div", { class: "system" },
    el("span", { "data-testid": "bubble", "data-from": "system", "data-type": message.type }, lineOf("content" in message ? message.content ?? "" : "")));
}

/** @param {string} content */
const lineOf = (content) => (Object.hasOwn(FAILURE_LINES, content) ? t(FAILURE_LINES[content]) : content);

/** @type {(from: number, to: number) => number[]} */
const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
