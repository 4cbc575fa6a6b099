"""How settings are read, whatever their table is."""
