"use strict";
// An account's server by npm `wechat` (node-webot).

const wechat = require("wechat");
const { account, serve } = require("./serve");

const config = { token: account.token, appid: account.appid, encodingAESKey: account.aesKey };
const answer = wechat(config, (req, res) => {
  const message = req.weixin;
  if (message.MsgType === "text" && message.Content === "图文") {
    res.reply([{ title: "题", description: "述", picurl: "http://127.0.0.1/a.png", url: "http://127.0.0.1/" }]);
  } else if (message.MsgType === "text") {
    res.reply(`你说：${message.Content}`);
  } else if (message.Event === "subscribe") {
    res.reply("欢迎");
  } else {
    res.reply("");
  }
});

serve((req, res) => {
  req.query = Object.fromEntries(new URL(req.url, "http://a/").searchParams);
  answer(req, res, (error) => res.writeHead(500).end(String(error)));
});
