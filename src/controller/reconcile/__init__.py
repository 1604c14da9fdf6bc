"""One pass over one stack: `stack_pass` reads like the picture in docs/architecture.md."""
