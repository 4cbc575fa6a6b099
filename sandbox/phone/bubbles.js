/** One function for each kind of message: what stands inside its bubble. */

import { el, icon, webAddress } from "./dom.js";
import { richText } from "./richtext.js";

/**
 * The inside of a message's bubble. `open(url)` opens the web view, `view(media)` shows a picture or
 * a video large, `say(text)` tells the user that something cannot be done.
 */
export function bubbleContent(message, actions) {
  return (KINDS[message.type] ?? unknown)(message, actions);
}

/** Kinds that are drawn without the coloured box around them. */
export const BARE = new Set(["image", "video", "shortvideo", "news"]);

const KINDS = {
  text: ({ content }, { open }) => richText(content, open),
  image,
  voice,
  video,
  shortvideo: video,
  music,
  news: ({ articles }, { open }) => (articles.length === 1 ? bigCard(articles[0], open) : cardList(articles, open)),
  location,
  link: ({ title, description, url }, { open }) =>
    card("link-card", url, open, el("strong", {}, title), el("span", { class: "link-row" }, el("span", {}, description), el("span", { class: "thumb" }, icon("link")))),
};

function unknown({ type }) {
  return el("span", { class: "unknown" }, `［${type}］`);
}

function image({ url }, { view }) {
  const picture = el("img", { class: "picture", src: url, alt: "图片" });
  return el("button", { type: "button", class: "plain", "aria-label": "查看大图", onclick: () => view({ type: "image", url }) }, picture);
}

function video({ url, title, description }, { view }) {
  const still = el("video", { src: url, preload: "metadata", muted: true, playsinline: true, tabindex: "-1" });
  const caption = title ? el("span", { class: "video-caption" }, el("strong", {}, title), description ?? "") : null;
  return el("button", { type: "button", class: "plain video", "aria-label": title ? `播放视频：${title}` : "播放视频", onclick: () => view({ type: "video", url }) },
    still, el("span", { class: "play" }, icon("play")), caption);
}

/** Only one sound plays at a time, as on a phone. */
let playing = null;

function playOrStop(audio, say) {
  if (playing && playing !== audio) playing.pause();
  playing = audio;
  if (!audio.paused) {
    audio.pause();
    return;
  }
  audio.currentTime = 0;
  audio.play().catch(() => say("浏览器放不了这段声音（格式不支持或文件取不到）"));
}

function player(audio, button) {
  for (const [event, on] of [["play", true], ["pause", false], ["ended", false]]) {
    audio.addEventListener(event, () => button.classList.toggle("playing", on));
  }
}

function voice({ url }, { say }) {
  const audio = el("audio", { src: url, preload: "metadata" });
  const seconds = el("span", { class: "seconds" });
  const button = el("button", { type: "button", class: "plain voice", "aria-label": "播放语音", onclick: () => playOrStop(audio, say) }, icon("sound"), seconds);
  audio.addEventListener("loadedmetadata", () => {
    if (!Number.isFinite(audio.duration)) return;
    const length = Math.max(1, Math.round(audio.duration));
    seconds.textContent = `${length}″`;
    button.style.setProperty("--seconds", Math.min(length, 60));
  });
  player(audio, button);
  return [button, audio];
}

function music({ title, description, music_url, hq_music_url }, { say }) {
  const audio = el("audio", { src: webAddress(hq_music_url) ?? webAddress(music_url), preload: "none" });
  const button = el("button", { type: "button", class: "plain card music", "aria-label": `播放音乐：${title || "未命名"}`, onclick: () => playOrStop(audio, say) },
    el("span", { class: "cover" }, icon("music")),
    el("span", { class: "words" }, el("strong", {}, title || "音乐"), el("span", {}, description)),
    el("span", { class: "play" }, icon("play")));
  player(audio, button);
  return [button, audio];
}

function location({ label, latitude, longitude, scale }) {
  return el("div", { class: "card place" },
    el("span", { class: "words" }, el("strong", {}, label || "位置"), el("span", {}, `${latitude}, ${longitude}${scale ? `（${scale} 级）` : ""}`)),
    el("span", { class: "map", "aria-hidden": "true" }, icon("place")));
}

/** Something that can be tapped if its address is one of the web, and only looked at if not. */
function card(className, url, open, ...children) {
  const address = webAddress(url);
  if (!url || !address) return el("div", { class: `card ${className}` }, children);
  return el("button", { type: "button", class: `plain card ${className}`, onclick: () => open(address) }, children);
}

function cover(pic_url, className) {
  const address = pic_url ? webAddress(pic_url) : null;
  const box = el("span", { class: className });
  if (!address) return box;
  const picture = el("img", { src: address, alt: "" });
  picture.addEventListener("error", () => picture.remove());
  box.append(picture);
  return box;
}

function bigCard({ title, description, pic_url, url }, open) {
  return card("news", url, open,
    pic_url ? cover(pic_url, "cover") : null,
    el("strong", {}, title),
    description ? el("span", { class: "digest" }, description) : null);
}

function cardList([first, ...others], open) {
  return el("div", { class: "card news-list" },
    card("news-first", first.url, open, cover(first.pic_url, "cover"), el("strong", {}, first.title)),
    others.map((article) => card("news-row", article.url, open, el("span", {}, article.title), cover(article.pic_url, "thumb"))));
}
