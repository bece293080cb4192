"""Six kinds of users, acted from an empty environment: what they type, how long it takes, what they are told."""
