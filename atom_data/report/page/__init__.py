"""The report as one HTML page: no script, style, font or picture from elsewhere, and nothing that was crawled is markup."""
