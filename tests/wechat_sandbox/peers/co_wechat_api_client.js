"use strict";
// Calls of npm `co-wechat-api` (node-webot). Its hosts are properties: each prefix is set anew.

const API = require("co-wechat-api");
const { SANDBOX, APP_ID, APP_SECRET, OPENID } = process.env;

const api = new API(APP_ID, APP_SECRET);
api.prefix = `${SANDBOX}/cgi-bin/`;
api.snsPrefix = `${SANDBOX}/sns/`;
api.mpPrefix = `${SANDBOX}/cgi-bin/`;
api.fileServerPrefix = `${SANDBOX}/cgi-bin/`;
api.customservicePrefix = `${SANDBOX}/customservice/`;

const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(20)]);

async function failed(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return error.code;
  }
}

(async () => {
  const told = {};
  told.early = await failed(() => api.getMenu());
  await api.createMenu({ button: [{ type: "click", name: "歌", key: "SONG" }] });
  told.menu = (await api.getMenu()).menu.button[0].key;
  told.user = (await api.getUser({ openid: OPENID, lang: "zh_CN" })).subscribe;
  told.followers = (await api.getFollowers()).data.openid;
  await api.sendText(OPENID, "你好");
  const uploaded = await api.uploadMedia(png, "image", "a.png", "image/png");
  await api.sendImage(OPENID, uploaded.media_id);
  const code = await api.createTmpQRCode(123, 600);
  told.qrcode = api.showQRCodeURL(code.ticket);
  told.ticket = code.ticket;
  const config = await api.getJsConfig({ debug: false, jsApiList: ["chooseImage"], url: "http://127.0.0.1/a?b=1" });
  told.config = config;
  told.ip = (await api.getIp()).ip_list;
  const template = await api.addTemplate("TM00015");
  await api.sendTemplate(OPENID, template.template_id, "http://127.0.0.1/", null, { keyword1: { value: "值" } });
  console.log(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
