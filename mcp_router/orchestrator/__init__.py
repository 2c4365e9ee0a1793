"""Decides which model does a subtask: features, estimates of success and cost, and a plan."""
