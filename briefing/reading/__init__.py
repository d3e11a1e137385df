"""Aids for connectors that read files and mail: tables, threads, recurrence, guards. Part of the connector contract."""
