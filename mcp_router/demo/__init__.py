"""The demonstration: an agent, a loopback provider of recorded answers, and the loop between them."""
