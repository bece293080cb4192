"""The public summary of training content, field by field as the EU template asks, as Markdown and as a page to print."""
