package manifest

// Source is a text with positions.
type Source struct{ name string }
