"""House rules that no linter knows: sizes, layers, names, words, and that templates use elements that exist."""
