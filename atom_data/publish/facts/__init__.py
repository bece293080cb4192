"""What receipts, manifests, the bundle and the stored columns say of a corpus, gathered once for all papers."""
