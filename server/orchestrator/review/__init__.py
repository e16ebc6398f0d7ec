"""Judging trees: gates for changed files, the user's commands, and receipts of what ran."""
