"""Pictures for pages: SVG made here, of plain shapes, with every text escaped."""
