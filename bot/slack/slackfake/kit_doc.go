package slackfake

// object is a JSON object.
type object = map[string]any
