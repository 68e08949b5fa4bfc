"""What a person chose, in the session and in the address."""
