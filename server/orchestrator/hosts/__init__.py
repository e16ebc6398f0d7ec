"""Where sessions run: `builtin` works by rules, `scripted` plays a file. Both act through their toolbox alone."""
