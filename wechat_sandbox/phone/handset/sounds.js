/** Build bubbles that play: voices, music, videos. */

/** @import { MusicFields, VideoFields, VoiceFields } from "../types.js" */
/** @import { Media } from "./overlay.js" */

/** @typedef {(text: string) => void} Say */

import { button, el, webAddress } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";

/**
 * @param {VideoFields} message
 * @param {{ view: (media: Media) => void }} actions
 */
export function video({ url, title, description }, { view }) {
  const still = el("video", { src: url, preload: "metadata", muted: true, playsinline: true, tabindex: "-1" });
  const caption = title ? el("span", { class: "video-caption" }, el("strong", {}, title), description ?? "") : null;
  return button({ class: "plain video", "aria-label": `${t("bubble.video")} ${title ?? ""}`.trim(), onclick: () => view({ type: "video", url }) },
    still, el("span", { class: "play" }, icon("play")), caption);
}

/**
 * The sound that plays. As on a phone, only one plays at a time.
 * @type {HTMLAudioElement | null}
 */
let playing = null;

/**
 * @param {HTMLAudioElement} audio
 * @param {Say} say
 */
function playOrStop(audio, say) {
  if (playing && playing !== audio) playing.pause();
  playing = audio;
  if (!audio.paused) {
    audio.pause();
    return;
  }
  audio.currentTime = 0;
  audio.play().catch(() => say(t("sound.fault")));
}

/**
 * Mark the control while its sound plays.
 * @param {HTMLAudioElement} audio
 * @param {HTMLElement} control
 */
function showPlaying(audio, control) {
  for (const event of ["play", "pause", "ended"]) {
    audio.addEventListener(event, () => control.classList.toggle("playing", event === "play"));
  }
}

/**
 * @param {VoiceFields} message
 * @param {{ say: Say }} actions
 */
export function voice({ url, recognition }, { say }) {
  const audio = el("audio", { src: url, preload: "metadata" });
  const seconds = el("span", { class: "seconds" });
  const control = button({ class: "plain voice", "aria-label": t("bubble.voice"), onclick: () => playOrStop(audio, say) }, icon("sound"), seconds);
  audio.addEventListener("loadedmetadata", () => {
    if (!Number.isFinite(audio.duration)) return;
    const length = Math.max(1, Math.round(audio.duration));
    seconds.textContent = `${length}″`;
    control.style.setProperty("--seconds", String(Math.min(length, 60)));
  });
  showPlaying(audio, control);
  return [control, audio, recognition ? el("p", { class: "recognition" }, recognition) : null];
}

/**
 * @param {MusicFields} message
 * @param {{ say: Say }} actions
 */
export function music({ title, description, music_url, hq_music_url, thumb_url }, { say }) {
  const audio = el("audio", { src: webAddress(hq_music_url) ?? webAddress(music_url), preload: "none" });
  const thumb = webAddress(thumb_url);
  const control = button({ class: "plain card music", "aria-label": `${t("bubble.music")} ${title || ""}`.trim(), onclick: () => playOrStop(audio, say) },
    el("span", { class: "cover" }, thumb ? el("img", { src: thumb, alt: "" }) : icon("music")),
    el("span", { class: "words" }, el("strong", {}, title || t("bubble.music")), el("span", {}, description)),
    el("span", { class: "play" }, icon("play")));
  showPlaying(audio, control);
  return [control, audio];
}
