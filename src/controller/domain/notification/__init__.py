"""The texts of messages; `notification_text` lists which file writes which event."""
