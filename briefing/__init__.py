"""The morning briefing: one page before the workday for the person who runs an agency's operations."""

__version__ = "0.1.0"
