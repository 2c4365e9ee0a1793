"""The real clients against scripted models; run by `make acceptance`."""
