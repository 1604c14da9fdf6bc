"""The controller's Lambda function: an event names a stack, and a pass is run (`entry`)."""
