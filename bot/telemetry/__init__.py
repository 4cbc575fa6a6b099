"""What operators see from outside: log lines and metrics."""
