"""What clients' hooks run: routing and learning with no cooperation from the model."""
