"""Every setting. Copy this file to config.py and fill in the required ones.

Each can also come from the environment as BOT_<NAME>, which wins over this file.
"""

# required: AppID, from the console
APP_ID = ""

# required: AppSecret, from the console
APP_SECRET = ""

# required: Token, as typed into the console
TOKEN = ""

# EncodingAESKey of the console; needed unless MODE is plain
ENCODING_AES_KEY = ""

# message mode of the console: plain (明文), compatible (兼容) or safe (安全)
MODE = "plain"

# required: original id (原始ID) of the account, gh_...; messages to any other are refused
ORIGINAL_ID = ""

# kind of account, which decides its rights: subscription, subscription-verified, service, service-verified or test
ACCOUNT_KIND = "subscription"

# the package with your replies, pages and menu; `python -m bot new NAME` makes one
HANDLERS = "handlers"

# required: public address of this server, https://host; all links begin with it
PUBLIC_URL = ""

# host:port this server listens on
LISTEN = "127.0.0.1:8080"

# server processes
WORKERS = 2

# threads per process for pages
THREADS = 16

# handlers at the same time, per process, each in a thread; further ones run as jobs
HANDLER_THREADS = 200

# slow answers run in the server's processes; False: only in `python -m bot worker`
JOBS_IN_SERVER = True

# slow answers at the same time, per process
JOB_THREADS = 200

# seconds that slow answers may run on after SIGTERM; then other processes take them over
STOP_SECONDS = 8.0

# sqlite:///path on one machine, redis://host:6379/0 on several; TLS, Sentinel …: deploy/README.md
STORE_URL = "sqlite:///var/bot.db"

# Redis: how many replicas must have a write before it counts; slower, and safer after a failover
STORE_REPLICAS = 0

# required: signs links and cookies; make one: python -c "import secrets; print(secrets.token_hex(32))"
SECRET_KEY = ""

# WeChat's API; another URL for the sandbox
API_BASE = "https://api.weixin.qq.com"

# WeChat's authorize pages
OPEN_BASE = "https://open.weixin.qq.com"

# WeChat's site, which may show our pages in a frame
MP_BASE = "https://mp.weixin.qq.com"

# the JS-SDK script that pages load
JSSDK_SRC = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"

# seconds to wait for an answer of WeChat's API
API_TIMEOUT = 8.0

# stable uses /cgi-bin/stable_token, classic /cgi-bin/token
TOKEN_KIND = "stable"

# most token fetches a day that the bot allows itself; WeChat's limit is 2000
TOKEN_DAILY_BUDGET = 200

# most seconds between a delivery's timestamp and our clock
FRESHNESS_SECONDS = 300

# plain mode: refuse a timestamp and nonce seen before with another body, as long as the store works
REPLAY_GUARD = False

# seconds that a delivery may wait for its answer; WeChat hangs up at about 4.96
DEADLINE_SECONDS = 4.5

# answers too late for WeChat: push by customer-service message, keep for the next message, or auto (by ACCOUNT_KIND)
LATE_ANSWERS = "auto"

# longest text reply in UTF-8 bytes; the user can request the rest
TEXT_LIMIT_BYTES = 2048

# longest lifetime of a visitor's login, in days
SESSION_DAYS = 30

# lifetime of a visitor's login without a visit, in days
SESSION_IDLE_DAYS = 7

# minutes without a visit after which a silent login checks that the user is the same; 0: never
RECHECK_MINUTES = 120

# IP addresses or networks of your own proxies, commas between; only their X-Forwarded-For is used
TRUSTED_PROXIES = "127.0.0.1, ::1"

# visits per minute and IP address that may cause a call to WeChat
RATE_LIMIT = 300

# further hosts whose pages /jssdk signs, beside that of PUBLIC_URL, with commas between
JSSDK_HOSTS = ""

# pages show the signed URL, their own URL, and the difference
JSSDK_DEBUG = False

# login on the PC: scene (the account's own QR code), website (the Open Platform's page), embedded (its QR code within ours), off
LOGIN_WAY = "scene"

# AppID of the Open Platform's website app
SITE_APP_ID = ""

# AppSecret of the Open Platform's website app
SITE_APP_SECRET = ""

# the script of the embedded QR code
WXLOGIN_SRC = "https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js"

# embedded QR code: black (dark text) or white
WXLOGIN_STYLE = "black"

# embedded QR code: WeChat's small new look, without our style sheet
WXLOGIN_STYLELITE = False

# embedded QR code: offer the WeChat that runs on this PC
WXLOGIN_FAST = True

# embedded QR code: light, dark or auto
WXLOGIN_COLOR_SCHEME = "light"

# embedded QR code: return inside the frame first, if browsers block a redirect of the whole page
WXLOGIN_SELF_REDIRECT = False

# countries whose mobile numbers can be bound, the first one's without +86; CN, HK, ...
PHONE_REGIONS = "CN"

# sender of SMS codes: tencent, aliyun (requirements-sms.txt), sandbox (its phone), none (no phone can be bound)
SMS_SENDER = "none"

# SMS: SecretId (Tencent Cloud) or AccessKey ID (Alibaba Cloud)
SMS_KEY_ID = ""

# SMS: SecretKey or AccessKey secret
SMS_KEY_SECRET = ""

# SMS: SdkAppId, Tencent Cloud only
SMS_APP_ID = ""

# SMS: the approved signature
SMS_SIGN = ""

# SMS: the approved template; its one variable is the code (Alibaba Cloud: named code)
SMS_TEMPLATE = ""

# SMS: region, Tencent Cloud only; ap-guangzhou if empty
SMS_REGION = ""

# SMS: another endpoint of the cloud, a URL; its usual one if empty
SMS_ENDPOINT = ""

# codes a day for one number, and for one person
SMS_PER_DAY = 10

# codes a day for one IP address, which a whole office may share
SMS_PER_DAY_AND_ADDRESS = 10

# bearer token for /api/accounts/; empty: this path is off
API_TOKEN = ""

# folder of MP_verify_*.txt files, served at the root
VERIFY_DIR = "static/verify"

# seconds for which browsers use a file of /static/ without asking for a new one
STATIC_SECONDS = 3600

# if set, /metrics requires it as a bearer token
METRICS_TOKEN = ""

# one line per request, as text or as JSON
LOG_FORMAT = "text"

# one line for each request; problems are logged in any case
LOG_REQUESTS = True

# log the texts of exceptions in handlers; not with real users, whose messages they may quote
LOG_ERROR_TEXTS = False
