"""Pages in many languages whose main text is known without reading them: how multilingual_pages.py makes them."""
