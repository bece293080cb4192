"""MediaWiki dumps: pages from the XML export, and their wikitext as text or Markdown."""
