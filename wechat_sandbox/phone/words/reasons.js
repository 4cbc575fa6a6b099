/**
 * Translate the English error texts of the control API and the journals into Chinese: a pattern for each
 * text that users meet, and the Chinese with `$1` for the pattern's groups. Other texts stay English.
 */

/** @type {[RegExp, string][]} */
export default [
  // Users
  [/^nickname: must be (\d+) to (\d+) characters$/, "昵称要有 $1 到 $2 个字符"],
  [/: must be text that XML can hold, has (\S+)$/, "含有 XML 不能表示的字符（$1）"],
  [/^(.+) \(\S+\) already follows the account$/, "$1已经关注了公众号"],
  [/^(.+) \(\S+\) does not follow the account: subscribe first$/, "$1还没有关注公众号"],
  [/^phone: must be a number such as (\S+),/, "手机号要像 $1 这样"],
  [/^uuid: the code has expired/, "二维码已过期"],
  [/^uuid: the login is confirmed already/, "已经确认过登录"],

  // Settings
  [/^token: must be 3 to 32 letters and digits/, "Token 只能是 3 到 32 位字母和数字"],
  [/^aes_key: must be exactly 43 letters and digits/, "EncodingAESKey 必须是 43 位字母和数字"],
  [/^name: must not be empty$/, "名称不能为空"],
  [/^failure_line: must not be empty$/, "故障提示不能为空"],
  [/^\w+_domains: must be HOST or HOST:PORT/, "只填域名或“域名:端口”，不带 http:// 和路径"],
  [/^\w+_domains: at most (\d+), as/, "最多 $1 个，和公众平台一样"],
  [/^ip_whitelist: must be IP addresses/, "只能填 IP 地址"],
  [/^deadline: more than 0 and at most 60 seconds$/, "要大于 0 秒、不超过 60 秒"],
  [/^\w+: (\d+) to (\d+)( seconds)?$/, "要在 $1 到 $2 之间"],
  [/^\w+: at least (\d+)/, "至少是 $1"],
  [/^(\w+): too large a number$/, "数字太大"],

  // The server's address
  [/^callback: none is set$/, "还没有服务器地址"],
  [/^url: must be an absolute http:\/\/ or https:\/\/ URL/, "要以 http:// 或 https:// 开头"],
  [/^url: WeChat calls ports 80 and 443 only, got (\d+)$/, "微信只访问 80 和 443 端口，不是 $1"],
  [/HTTP status (\d+), must be 200 .*; got (.*)$/s, "状态码是 $1，应为 200（两边的 Token 一样吗？）；返回 $2"],
  [/: the body must be the echostr .* and nothing else, got (.*)$/s, "应原样返回 echostr，却返回 $1"],

  // Deliveries
  [/^(?:\S+: )?nobody listens there \((.*)\)$/, "连不上：那里没有程序在监听（$1）"],
  [/^(?:\S+: )?no such host: (.*)$/, "找不到主机 $1"],
  [/^(?:\S+: )?no (?:complete )?answer within (\S+) s$/, "$1 秒内没有（完整的）回复"],
  [/the connection was closed without an answer$/, "没有回复，连接就断开了"],
  [/the connection was closed in the middle of the answer$/, "回复到一半，连接断开了"],
  [/^HTTP status (\d+), must be 200$/, "状态码是 $1，应为 200"],
  [/^fault: the answer was lost on its way back$/, "故障：回复在路上丢失了"],
  [/^the sandbox was reset or stopped while/, "推送途中沙盒被重置或停止了"],

  // Sending again, faults, the clock
  [/^xml: must be <xml>…<\/xml> with FromUserName and MsgType$/, "XML 要写成 <xml>…</xml>，并有 FromUserName 和 MsgType"],
  [/^xml: is not XML: (.*)$/s, "这不是 XML：$1"],
  [/^faults\[\d+\]\.path: must be/, "路径要写 delivery，或接口路径的通配，例如 /cgi-bin/menu/*"],
  [/one of them must say what happens$/, "要说明出什么故障：填写其中一项"],
  [/^faults\[\d+\]\.(\w+): must be (\S+) to (\S+)/, "$1 要在 $2 到 $3 之间"],
  [/^faults\[\d+\]\.(\w+): only deliveries have it$/, "$1 只用于 delivery"],
  [/^faults\[\d+\]\.(\w+): a delivery has none/, "delivery 没有 $1"],
  [/^advance_seconds: time only goes forward/, "时间只能向前；重置沙盒可以回到现在"],
  [/^advance_seconds: the clock goes no farther/, "最多拨快一百年"],

  // Replies
  [/^must be exactly `success`/, "应为 success，前后不能有别的内容"],
  [/^ToUserName and FromUserName are swapped/, "ToUserName 和 FromUserName 写反了：回复是从公众号的原始 ID 发给用户的 OpenID"],
  [/^(\w+): must be ('.*'), got ('.*')$/s, "$1 应为 $2，却是 $3"],
  [/^(\w+): missing$/, "缺少 $1"],
  [/^(\w+): empty$/, "$1 是空的"],
  [/^Content: must not be empty/, "Content 不能为空（不想回复就返回 success 或空内容）"],
  [/^Content: (\d+) bytes of UTF-8, at most (\d+)$/, "Content 有 $1 字节，最多 $2 字节"],
  [/^(\w+): no such media, or older than three days/, "$1 不存在，或已超过三天"],
  [/^MsgType: ('.*') is not a kind of reply$/, "没有 $1 这种回复类型"],
  [/^plain XML in safe mode/, "安全模式下回复必须加密（要有 <Encrypt>）"],
  [/^encrypted reply in plain mode/, "明文模式下回复不能加密"],
  [/^MsgSignature: does not match/, "MsgSignature 不对"],
  [/ is JSON; an official account answers in XML/, "回复是 JSON，公众号应回复 XML"],
  [/ is an HTML page/, "回复是一个 HTML 网页"],
  [/ is not XML: (.*?)(?:: '.*)?$/s, "回复不是 XML：$1"],
];
