/** List the emoji of the panel, with their names. */

import { language } from "../language.js";

/** @type {[string, string, string][]} emoji, English name, Chinese name */
const NAMED = [
  ["😀", "grin", "咧嘴笑"], ["😁", "beam", "开心"], ["😂", "joy", "笑哭"], ["🤣", "rofl", "笑翻"], ["😊", "blush", "害羞"], ["🙂", "smile", "微笑"],
  ["😉", "wink", "眨眼"], ["😍", "love", "色"], ["😘", "kiss", "飞吻"], ["🤗", "hug", "拥抱"], ["🤔", "think", "思考"], ["😎", "cool", "酷"],
  ["😏", "smirk", "得意"], ["😴", "sleep", "睡"], ["😅", "sweat", "汗"], ["😭", "cry", "大哭"], ["😢", "tear", "流泪"], ["😡", "angry", "发怒"],
  ["😱", "scream", "惊恐"], ["😳", "flush", "脸红"], ["🥺", "plead", "可怜"], ["🤭", "giggle", "偷笑"], ["😜", "tongue", "吐舌"], ["🤪", "zany", "疯狂"],
  ["🙄", "eyeroll", "白眼"], ["😶", "silent", "闭嘴"], ["😷", "mask", "口罩"], ["🤝", "shake", "握手"], ["👍", "thumb", "赞"], ["👎", "down", "踩"],
  ["👏", "clap", "鼓掌"], ["🙏", "thanks", "谢谢"], ["💪", "strong", "加油"], ["👌", "ok", "好的"], ["✌️", "peace", "胜利"], ["🫶", "heart-hands", "比心"],
  ["❤️", "heart", "爱心"], ["💔", "broken", "心碎"], ["🌹", "rose", "玫瑰"], ["🎉", "party", "庆祝"], ["🎂", "cake", "蛋糕"], ["🎁", "gift", "礼物"],
  ["🧧", "red-envelope", "红包"], ["🔥", "fire", "火"], ["💯", "hundred", "满分"], ["☀️", "sun", "太阳"], ["🌙", "moon", "月亮"], ["🐱", "cat", "猫"],
  ["🐶", "dog", "狗"], ["🍉", "melon", "西瓜"], ["☕", "coffee", "咖啡"], ["🍻", "cheers", "干杯"], ["🚗", "car", "汽车"], ["✈️", "plane", "飞机"],
  ["⏰", "alarm", "闹钟"], ["💡", "idea", "灯泡"],
];

/** @type {[string, string][]} emoji and name in the page's language */
export const EMOJI = NAMED.map(([emoji, english, chinese]) => [emoji, language === "zh" ? chinese : english]);
