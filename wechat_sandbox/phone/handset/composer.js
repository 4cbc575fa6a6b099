/** The bottom bar: text input, the switch between keyboard and menu, voice, emoji, and the ＋ panel. */

import { askFile, askPlace } from "../dialogs.js";
import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";
import { EMOJI } from "./emoji.js";
import { holdToTalk } from "./recorder.js";

const LINK = { type: "link", title: t("link.title"), description: t("link.text"), url: "https://mp.weixin.qq.com/" };
/** What one user has typed and not sent stays with that user, also over a reload of the page. */
const unsent = {
  key: (openid) => `sandbox-unsent-${openid}`,
  get: (openid) => sessionStorage.getItem(unsent.key(openid)) ?? "",
  set: (openid, text) => (text ? sessionStorage.setItem(unsent.key(openid), text) : sessionStorage.removeItem(unsent.key(openid))),
};

/** `send(message)` must not wait for the bot; `choices(label, choices)` shows an action sheet. */
export function composer(root, hand, { send, choices, say }) {
  const input = root.querySelector("[data-testid=input]");
  const form = root.querySelector("form");
  const submit = root.querySelector("[data-testid=send]");
  const toggle = root.querySelector("[data-testid=menu-toggle]");
  const speak = root.querySelector(".speak");
  const hold = root.querySelector(".hold");
  const drawers = [
    { opener: root.querySelector(".plus"), panel: root.querySelector(".samples") },
    { opener: root.querySelector(".faces"), panel: root.querySelector(".emoji-panel") },
  ];
  const [plus, faces] = drawers;
  let owner = null;
  let menuKnown = null;

  function showMenu(on) {
    root.classList.toggle("menu-mode", on);
    toggle.replaceChildren(icon(on ? "keyboard" : "menu"));
    toggle.setAttribute("aria-label", t(on ? "composer.keyboard" : "composer.menu"));
    toggle.title = toggle.getAttribute("aria-label");
    if (on) openDrawer(null);
    else fit();
  }

  function showVoice(on) {
    root.classList.toggle("voice-mode", on);
    hold.hidden = !on;
    input.hidden = on;
    speak.replaceChildren(icon(on ? "keyboard" : "waves"));
    speak.setAttribute("aria-label", t(on ? "composer.keyboard" : "composer.voice"));
    speak.title = speak.getAttribute("aria-label");
    if (on) openDrawer(null);
    fit();
  }

  /** At most one of the panels below the bar is open. */
  function openDrawer(chosen) {
    for (const drawer of drawers) {
      drawer.panel.hidden = drawer !== chosen;
      drawer.opener.setAttribute("aria-expanded", String(drawer === chosen));
    }
  }

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

  function insert(text) {
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
    fit();
  }

  const fileOrSample = (kind, accept, sample) => () => choices(t(`kind.${kind}`), [
    { label: t("sample.file"), act: async () => { const file = await askFile(accept); if (file) send({ type: kind, file }); } },
    { label: t("sample.ours"), act: () => send(sample) },
  ]);

  const KINDS = [
    ["picture", "kind.image", fileOrSample("image", "image/png,image/jpeg,image/gif", { type: "image" })],
    ["video", "kind.video", fileOrSample("video", "video/mp4,video/webm", { type: "video" })],
    ["voice", "kind.voice", fileOrSample("voice", "audio/*", { type: "voice" })],
    ["place", "place", async () => {
      const place = await askPlace();
      if (place) send({ type: "location", ...place });
    }],
    ["link", "kind.link", () => send(LINK)],
  ];

  plus.panel.replaceChildren(...KINDS.map(([name, label, act]) =>
    button({ "data-sample": name, onclick: () => { openDrawer(null); act(); } }, el("span", { class: "tile" }, icon(name)), t(label))));
  faces.panel.replaceChildren(...EMOJI.map(([emoji, name]) => button({ class: "face", title: name, "aria-label": name, onclick: () => insert(emoji) }, emoji)));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendText();
  });
  input.addEventListener("input", fit);
  input.addEventListener("focus", () => openDrawer(null));
  input.addEventListener("keydown", (event) => {
    // Enter that only picks a word in a Chinese input method must not send.
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

  // An account with a menu shows it first.
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
