/** Run the bottom bar: text input, the switch between keyboard and menu, voice, emoji, and the ＋ panel. */

/** @import { IconName } from "../icons.js" */
/** @import { OutgoingMessage, SentMessage } from "../types.js" */
/** @import { Word } from "../words.js" */
/** @import { Hand } from "./hand.js" */
/** @import { SheetChoice } from "./overlay.js" */

import { askFile, askPlace } from "../dialogs.js";
import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { query } from "../query.js";
import { t } from "../words.js";
import { EMOJI } from "./emoji.js";
import { holdToTalk } from "./recorder.js";

/** @type {SentMessage} */
const LINK = { type: "link", title: t("link.title"), description: t("link.text"), url: "https://mp.weixin.qq.com/" };

/** Keep what each user has typed and not sent, also over a reload of the page. */
const unsent = {
  /** @param {string} openid */
  key: (openid) => `sandbox-unsent-${openid}`,
  /** @param {string} openid */
  get: (openid) => sessionStorage.getItem(unsent.key(openid)) ?? "",
  /** @type {(openid: string, text: string) => void} */
  set: (openid, text) => (text ? sessionStorage.setItem(unsent.key(openid), text) : sessionStorage.removeItem(unsent.key(openid))),
};

/** @typedef {{ opener: HTMLElement, panel: HTMLElement }} Drawer a panel below the bar, and its button */

/**
 * @param {HTMLElement} root
 * @param {Hand} hand
 * @param {object} actions
 * @param {(message: OutgoingMessage) => void} actions.send must not wait for the bot
 * @param {(label: string, choices: SheetChoice[]) => void} actions.choices shows an action sheet
 * @param {(text: string) => void} actions.say
 */
export function composer(root, hand, { send, choices, say }) {
  const input = query(root, "[data-testid=input]", HTMLTextAreaElement);
  const form = query(root, "form");
  const submit = query(root, "[data-testid=send]");
  const toggle = query(root, "[data-testid=menu-toggle]");
  const speak = query(root, ".speak");
  const hold = query(root, ".hold");
  const plus = { opener: query(root, ".plus"), panel: query(root, ".samples") };
  const faces = { opener: query(root, ".faces"), panel: query(root, ".emoji-panel") };
  const drawers = [plus, faces];
  /** @type {string | null} */
  let owner = null;
  /** @type {string | null} */
  let menuKnown = null;

  /**
   * Give a switch of the bar its icon and its label.
   * @param {HTMLElement} control
   * @param {IconName} name
   * @param {Word} word
   */
  function face(control, name, word) {
    control.replaceChildren(icon(name));
    control.setAttribute("aria-label", t(word));
    control.title = t(word);
  }

  /** @param {boolean} on */
  function showMenu(on) {
    root.classList.toggle("menu-mode", on);
    face(toggle, on ? "keyboard" : "menu", on ? "composer.keyboard" : "composer.menu");
    if (on) openDrawer(null);
    else fit();
  }

  /** @param {boolean} on */
  function showVoice(on) {
    root.classList.toggle("voice-mode", on);
    hold.hidden = !on;
    input.hidden = on;
    face(speak, on ? "keyboard" : "waves", on ? "composer.keyboard" : "composer.voice");
    if (on) openDrawer(null);
    fit();
  }

  /**
   * Open one of the panels below the bar, or none. The others close.
   * @param {Drawer | null} chosen
   */
  function openDrawer(chosen) {
    for (const drawer of drawers) {
      drawer.panel.hidden = drawer !== chosen;
      drawer.opener.setAttribute("aria-expanded", String(drawer === chosen));
    }
  }

  /** Adjust the bar to what has been typed, and keep that. */
  function fit() {
    const empty = input.value.trim() === "" || input.hidden;
    submit.hidden = empty;
    plus.opener.hidden = !empty;
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 112)}px`;
    if (owner) unsent.set(owner, input.value);
  }

  function sendText() {
    if (input.value.trim() === "") return;
    send({ type: "text", content: input.value });
    input.value = "";
    fit();
    if (faces.panel.hidden) input.focus();
  }

  /** @param {string} text */
  function insert(text) {
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
    fit();
  }

  /** @type {(kind: "image" | "video" | "voice", accept: string, sample: SentMessage) => () => void} */
  const fileOrSample = (kind, accept, sample) => () => choices(t(`kind.${kind}`), [
    { label: t("sample.file"), act: async () => { const file = await askFile(accept); if (file) send({ type: kind, file }); } },
    { label: t("sample.ours"), act: () => send(sample) },
  ]);

  /** @type {[IconName, Word, () => void][]} */
  const kinds = [
    ["picture", "kind.image", fileOrSample("image", "image/png,image/jpeg,image/gif", { type: "image" })],
    ["video", "kind.video", fileOrSample("video", "video/mp4,video/webm", { type: "video" })],
    ["voice", "kind.voice", fileOrSample("voice", "audio/*", { type: "voice" })],
    ["place", "place", async () => {
      const place = await askPlace();
      if (place) send({ type: "location", ...place });
    }],
    ["link", "kind.link", () => send(LINK)],
  ];

  plus.panel.replaceChildren(...kinds.map(([name, label, act]) =>
    button({ "data-sample": name, onclick: () => { openDrawer(null); act(); } }, el("span", { class: "tile" }, icon(name)), t(label))));
  faces.panel.replaceChildren(...EMOJI.map(([emoji, name]) => button({ class: "face", title: name, "aria-label": name, onclick: () => insert(emoji) }, emoji)));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendText();
  });
  input.addEventListener("input", fit);
  input.addEventListener("focus", () => openDrawer(null));
  input.addEventListener("keydown", (event) => {
    // An Enter that only picks a word in a Chinese input method must not send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      sendText();
    }
  });
  for (const drawer of drawers) {
    drawer.opener.addEventListener("click", () => {
      if (root.classList.contains("voice-mode")) showVoice(false);
      openDrawer(drawer.panel.hidden ? drawer : null);
    });
  }
  speak.addEventListener("click", () => {
    showVoice(!root.classList.contains("voice-mode"));
    if (!root.classList.contains("voice-mode")) input.focus();
  });
  holdToTalk(hold, { send: (file) => send({ type: "voice", file }), say });
  toggle.addEventListener("click", () => {
    showMenu(!root.classList.contains("menu-mode"));
    if (!root.classList.contains("menu-mode")) input.focus();
  });
  root.addEventListener("keydown", (event) => {
    const open = drawers.find(({ panel }) => !panel.hidden);
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    openDrawer(null);
    open.opener.focus();
  });

  /** Show a new menu first. */
  function menuArrived() {
    const known = `${hand.openid} ${JSON.stringify(hand.menu)}`;
    if (known === menuKnown) return;
    menuKnown = known;
    const has = hand.menu.button.length > 0;
    toggle.hidden = !has;
    showMenu(has && input.value === "");
  }

  hand.addEventListener("held", () => {
    owner = null;
    input.value = unsent.get(hand.openid);
    owner = hand.openid;
    openDrawer(null);
    showVoice(false);
  });
  hand.addEventListener("menu", menuArrived);
  showMenu(false);
  showVoice(false);
}
