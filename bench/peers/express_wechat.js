// wechat on Express, one process: node express_wechat.js PORT
const express = require("express");
const wechat = require("wechat");
const config = { token: process.env.TOKEN, appid: process.env.APP_ID, encodingAESKey: process.env.AES_KEY };
const app = express();
app.use("/wechat", wechat(config, (request, response) => response.reply(request.weixin.Content)));
app.listen(Number(process.argv[2]), "127.0.0.1");
