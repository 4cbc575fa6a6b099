"use strict";
// Calls of npm `node-easywechat`. Its base URL is a setting; the two hosts of its OAuth are written into the
// code, so that provider is given another base URL.

const { OfficialAccount } = require("node-easywechat");
const { SANDBOX, APP_ID, APP_SECRET, OPENID } = process.env;

const app = new OfficialAccount({
  app_id: APP_ID,
  secret: APP_SECRET,
  use_stable_access_token: true,
  oauth: { scopes: ["snsapi_userinfo"], redirect_url: "http://127.0.0.1/back" },
  http: { baseURL: `${SANDBOX}/`, throw: false },
});

(async () => {
  const told = {};
  const client = app.getClient();
  const menu = { button: [{ type: "view", name: "页", url: "http://127.0.0.1/" }] };
  told.created = (await client.postJson("cgi-bin/menu/create", menu)).toObject().errcode;
  told.menu = (await client.get("cgi-bin/menu/get")).toObject().menu.button[0].url;
  told.user = (await client.get("cgi-bin/user/info", { params: { openid: OPENID } })).toObject().subscribe;
  const message = { touser: OPENID, msgtype: "text", text: { content: "来自 easywechat" } };
  told.sent = (await client.postJson("cgi-bin/message/custom/send", message)).toObject().errcode;
  told.config = await app.getUtils().buildJsSdkConfig("http://127.0.0.1/a?b=1", ["chooseImage"]);
  const oauth = app.getOAuth();
  oauth._baseUrl = `${SANDBOX}/sns`;
  told.authorize = oauth.redirect();
  // The page is opened on the phone; the code comes back by standard input.
  console.log(JSON.stringify(told));
  process.stdin.once("data", async (code) => {
    const user = await oauth.userFromCode(code.toString().trim());
    console.log(JSON.stringify({ id: user.getId(), nickname: user.getNickname() }));
    process.exit(0);
  });
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
