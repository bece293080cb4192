"""Files on web servers that are busy, slow or break off: asked again, politely, within a budget."""
