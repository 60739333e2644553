"""Alerts: which policy is in force, and what it made of each record. The rules are those of `domain/alerting.py`."""
