"""Who is notified of an event, and how: SNS topic and webhook. The texts: `domain.notification`."""
