"""Text from bytes in any encoding of the web: labels, tables and decoders of the WHATWG Encoding standard."""
