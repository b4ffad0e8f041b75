"""Messages to those who want to know that a change is closed: a webhook, and robots in chat groups."""
