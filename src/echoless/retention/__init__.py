"""The decision whether a request is kept, in pure functions over closed tables."""
