"""The record of predictions: what was answered to whom, and whom no score was given, in one chain a database."""
