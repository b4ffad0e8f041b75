"""How any product is called: the SDK over one transport, paced, batched, shared and retried. No vendor's name here."""
