"""The account's menus: read the live ones, plan the changes, save the live ones, make the changes."""
