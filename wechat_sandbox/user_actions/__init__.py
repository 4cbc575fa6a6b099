"""What a user does with a thumb: follow, write, tap the menu, scan; the server is told of each."""
