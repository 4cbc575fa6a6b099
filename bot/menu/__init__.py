"""The account's menus: read what is live, plan the changes, install them, save what was there before."""
