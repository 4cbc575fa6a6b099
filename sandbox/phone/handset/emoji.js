/** The emoji of the panel, with their names: what most people look for first. */

export const EMOJI = [
  ["😀", "grin"], ["😁", "beam"], ["😂", "joy"], ["🤣", "rofl"], ["😊", "blush"], ["🙂", "smile"], ["😉", "wink"], ["😍", "love"],
  ["😘", "kiss"], ["🤗", "hug"], ["🤔", "think"], ["😎", "cool"], ["😏", "smirk"], ["😴", "sleep"], ["😅", "sweat"], ["😭", "cry"],
  ["😢", "tear"], ["😡", "angry"], ["😱", "scream"], ["😳", "flush"], ["🥺", "plead"], ["🤭", "giggle"], ["😜", "tongue"], ["🤪", "zany"],
  ["🙄", "eyeroll"], ["😶", "silent"], ["😷", "mask"], ["🤝", "shake"], ["👍", "thumb"], ["👎", "down"], ["👏", "clap"], ["🙏", "thanks"],
  ["💪", "strong"], ["👌", "ok"], ["✌️", "peace"], ["🫶", "heart-hands"], ["❤️", "heart"], ["💔", "broken"], ["🌹", "rose"], ["🎉", "party"],
  ["🎂", "cake"], ["🎁", "gift"], ["🧧", "red-envelope"], ["🔥", "fire"], ["💯", "hundred"], ["☀️", "sun"], ["🌙", "moon"], ["🐱", "cat"],
  ["🐶", "dog"], ["🍉", "melon"], ["☕", "coffee"], ["🍻", "cheers"], ["🚗", "car"], ["✈️", "plane"], ["⏰", "alarm"], ["💡", "idea"],
];
