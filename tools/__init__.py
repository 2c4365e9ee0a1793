"""The three tools of the server, each with the models that it takes and returns."""
