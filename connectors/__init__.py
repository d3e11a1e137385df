"""One vendor or kind of file each. They import from briefing.connector, .facts, .errors, .http and .reading only."""
