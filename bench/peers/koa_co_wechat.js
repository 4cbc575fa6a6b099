// co-wechat on Koa, one process: node koa_co_wechat.js PORT
const Koa = require("koa");
const wechat = require("co-wechat");
const config = { token: process.env.TOKEN, appid: process.env.APP_ID, encodingAESKey: process.env.AES_KEY };
const app = new Koa();
app.use(wechat(config).middleware(async (message) => message.Content));
app.listen(Number(process.argv[2]), "127.0.0.1");
