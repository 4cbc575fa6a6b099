"""The settings of the account that all measured servers share."""

TOKEN = "benchtoken"
APP_ID = "wx0123456789abcdef"
ORIGINAL_ID = "gh_bench"
AES_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
