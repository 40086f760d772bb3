package teamsfake

// object is a JSON object whose fields are looked up by name.
type object = map[string]any
