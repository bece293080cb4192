"""Our stages inside other systems."""
