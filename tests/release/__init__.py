"""`make release`: what a release consists of, made the same from the same commit."""
