"""Migrations: one folder for each database, one file for each step. A step is never changed after its release."""
