/**
 * Declare the records that the control API and its events carry, for the type check of `make check`. This
 * module holds no code, and no page loads it. The Python classes named in the comments are the originals.
 */

/**
 * A user of this sandbox (`world/users.py`).
 * @typedef {object} User
 * @property {string} openid
 * @property {string} nickname
 * @property {string} avatar address of the picture
 * @property {boolean} subscribed
 * @property {string} phone number for text messages, "" if none is set
 */

/** @typedef {"subscription" | "subscription-verified" | "service" | "service-verified" | "test"} AccountKind */

/**
 * The official account (`account.py` and `control/state.py`).
 * @typedef {object} Account
 * @property {string} app_id
 * @property {string} app_secret
 * @property {string} token
 * @property {string} aes_key
 * @property {string} original_id
 * @property {string} name
 * @property {AccountKind} kind
 * @property {"plain" | "compatible" | "safe"} mode
 * @property {string[]} web_domains
 * @property {string[]} js_domains
 * @property {string[]} ip_whitelist
 * @property {boolean} open_platform
 * @property {string} site_app_id
 * @property {string} site_app_secret
 * @property {string[]} site_domains
 * @property {string | null} callback
 * @property {boolean} callback_ok
 * @property {string} verify_file
 * @property {string} verify_text
 * @property {string} one_time_template_id
 * @property {string} avatar
 */

/** @typedef {string | number | boolean | string[] | null} Setting */

/**
 * The settings of WeChat's behaviour by name (`behaviour.py`).
 * @typedef {{ [name: string]: Setting | undefined, deadline?: number }} Behaviour
 */

/** @typedef {{ account: Account, behaviour: Behaviour }} Settings */

/**
 * A button of the account's menu, as menu/create takes it.
 * @typedef {object} MenuButton
 * @property {string} name
 * @property {string} [type]
 * @property {string} [key]
 * @property {string} [url]
 * @property {string} [appid]
 * @property {string} [pagepath]
 * @property {MenuButton[]} [sub_button]
 */

/**
 * @typedef {object} Menu
 * @property {MenuButton[]} button
 * @property {number} [stale_seconds] how long this phone keeps showing an older menu
 */

/** @typedef {{ menuid?: string, matchrule?: Record<string, number>, button?: MenuButton[] }} ConditionalMenu */
/** @typedef {{ path: string, limit: number, used: number, remain: number }} Quota */
/** @typedef {{ kind: string, expires_in: number, value_end: string }} Token */
/** @typedef {{ id: number, name: string }} Tag */
/** @typedef {{ template_id: string, title: string, content: string }} Template */

/**
 * A QR code of the account with a scene.
 * @typedef {object} QrCode
 * @property {string | number} scene
 * @property {string} ticket
 * @property {boolean} permanent
 * @property {number | null} expires_in seconds, null for a permanent code
 * @property {string} url what a camera reads
 * @property {number} created Unix seconds
 * @property {string[]} scanned_by openids
 */

/**
 * A website login by QR code.
 * @typedef {object} Login
 * @property {string} uuid
 * @property {number} status as in the long poll: 408 waits for a scan, 404 scanned, 405 confirmed …
 * @property {string} appid
 */

/**
 * What the state holds beside account, users and clock.
 * @typedef {object} More
 * @property {string} [run] id of this run of the sandbox
 * @property {Menu | null} [menu]
 * @property {ConditionalMenu[]} [conditional_menus]
 * @property {Quota[]} [quotas]
 * @property {Token[]} [tokens]
 * @property {QrCode[]} [qr_codes]
 * @property {Tag[]} [tags]
 * @property {Login[]} [logins]
 * @property {Template[]} [templates]
 * @property {Template[]} [notice_templates]
 */

/** @typedef {{ now: number, offset_seconds: number }} Clock */

/**
 * The answer of `GET state` (`control/state.py`).
 * @typedef {Settings & { users: User[], clock: Clock } & More} State
 */

/** @typedef {{ title: string, description?: string, url: string, pic_url?: string }} Article */
/** @typedef {{ id: string, content: string }} MenuItem an item of a message menu */

/** @typedef {{ type: "text", content: string }} TextFields */
/** @typedef {{ type: "image", url?: string }} ImageFields */
/** @typedef {{ type: "voice", url?: string, recognition?: string }} VoiceFields */
/** @typedef {{ type: "video" | "shortvideo", url?: string, title?: string, description?: string }} VideoFields */
/**
 * @typedef {{ type: "music", title: string, description: string, music_url: string, hq_music_url: string, thumb_url?: string }} MusicFields
 */
/** @typedef {{ type: "news", articles: Article[] }} NewsFields */
/** @typedef {{ type: "location", latitude: number, longitude: number, scale?: number, label: string }} LocationFields */
/** @typedef {{ title?: string, description?: string, url: string, pic_url?: string }} LinkCard */
/** @typedef {{ type: "link" | "share" } & LinkCard} LinkFields */
/** @typedef {{ type: "msgmenu", head_content?: string, list: MenuItem[], tail_content?: string }} MsgMenuFields */
/**
 * @typedef {{ type: "template", title?: string, content?: string, url?: string, miniprogram?: { appid: string } }} TemplateFields
 */
/** @typedef {{ type: "system" | "event" | "transfer_customer_service", content?: string }} OtherFields */

/**
 * What a message says, by its type.
 * @typedef {TextFields | ImageFields | VoiceFields | VideoFields | MusicFields | NewsFields | LocationFields | LinkFields | MsgMenuFields | TemplateFields | OtherFields} MessageFields
 */

/**
 * A message of a conversation (`world/chat.py`).
 * @typedef {{ id: number, at: number, from: "user" | "account" | "system", via: string } & MessageFields} Message
 */

/**
 * A message that the user sends. `media_id` names a file that the sandbox has; with neither that nor a file
 * the sandbox takes a sample of its own.
 * @typedef {{ media_id?: string, bizmsgmenuid?: string } & MessageFields} SentMessage
 */

/** @typedef {SentMessage & { file?: Blob }} OutgoingMessage */

/**
 * A message on its way: the phone shows it before the sandbox knows it.
 * @typedef {{ key: string, from: "user", at: number, draft: "sending" | "sent" | "failed", reason?: string, original: OutgoingMessage } & MessageFields} Draft
 */

/**
 * Something that a friend shared, or everybody could see (`world/shares_and_sms.py`).
 * @typedef {object} Share
 * @property {"share"} type
 * @property {number} at
 * @property {string} where "timeline" for moments
 * @property {string} from_nickname
 * @property {string} title
 * @property {string} description
 * @property {string} url
 * @property {string} pic_url
 */

/**
 * A text message (SMS); `openid` is null for a number that no user has.
 * @typedef {{ type: "sms", at: number, openid: string | null, phone: string, text: string }} Sms
 */

/** @typedef {Share | Sms} InboxItem */

/** @typedef {{ to: string, title: string, desc: string, link: string, imgUrl: string }} ShareCard */

/** @typedef {"reply" | "success" | "empty" | "timeout" | "bad-status" | "bad-reply" | "refused"} Outcome */

/**
 * A push to the account's server that has not been answered yet (`push/delivery.py`).
 * @typedef {object} Waiting
 * @property {number} at
 * @property {string} openid
 * @property {string} kind
 * @property {string | number} series
 * @property {number} attempt 1 for the first try
 * @property {boolean} duplicate
 * @property {string} request_xml
 * @property {number} deadline_ms
 * @property {number} waited_ms
 */

/**
 * A push to the account's server, as the journal keeps it (`push/delivery.py`, `push/attempt.py`).
 * @typedef {object} Delivery
 * @property {number} id
 * @property {number} at
 * @property {string} openid
 * @property {string} kind
 * @property {string | number} series
 * @property {number} attempt
 * @property {boolean} duplicate
 * @property {string} mode
 * @property {string} url
 * @property {string} request_xml
 * @property {string} request_raw
 * @property {number} [deadline_ms]
 * @property {number} [left_ms]
 * @property {number | null} status
 * @property {number} elapsed_ms
 * @property {Outcome} outcome
 * @property {string | null} error
 * @property {string | null} response_raw
 * @property {string | null} response_xml
 */

/**
 * A call of WeChat's API, as the journal keeps it (`api/pipeline.py`).
 * @typedef {object} Call
 * @property {number} id
 * @property {number} at
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} query
 * @property {unknown} body
 * @property {number | null} status
 * @property {{ errcode?: number, errmsg?: string } | null} response
 * @property {boolean} simulated false for an API of WeChat that the sandbox does not have
 * @property {number} elapsed_ms
 */

/** @typedef {{ attempt: number, outcome: Outcome, status: number | null, elapsed_ms: number, error: string | null, reply: unknown }} Attempt */

/**
 * The result of an act of the user (`user_actions/actor.py`).
 * @typedef {{ msg_id: string | null, deliveries: Attempt[], shown: Message[], open?: string, kind?: string, uuid?: string }} ActOutcome
 */

/**
 * A rule that makes calls or pushes fail on purpose (`world/faults.py`).
 * @typedef {object} Fault
 * @property {string} path
 * @property {number} [probability]
 * @property {number} [errcode]
 * @property {number} [status]
 * @property {string} [content_type]
 * @property {number} [count] the number of calls or pushes that it still affects
 * @property {number} [delay]
 * @property {boolean} [drop]
 * @property {number} [duplicate]
 * @property {boolean} [overlap]
 * @property {boolean} [reorder]
 */

/** @typedef {{ content?: string, type: string, title?: string }} ShownMessage */
/**
 * An act of the user in a recording, such as `send` or `tap`.
 * @typedef {{ type?: string, body?: ActBody }} Act
 */
/**
 * The body of the control call that did the act. `path` is the place of a menu button.
 * @typedef {{ content?: string, type?: string, path?: number[] }} ActBody
 */

/**
 * A recording (`replay/document.py`).
 * @typedef {{ steps: { act: Act, nickname?: string, shown: ShownMessage[] }[] }} Recording
 */

/**
 * One step of a replay, compared with the recording (`replay/player.py`).
 * @typedef {{ act: Act, nickname: string, before: ShownMessage[], after: ShownMessage[], same: boolean, difference?: string }} ReplayedStep
 */

export {};
