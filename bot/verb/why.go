package verb

import "parley/bridge"

func why() *Verb {
	return &Verb{
		Name: bridge.VerbWhy, Words: []string{"why"}, Lone: true, Form: "!why", Rest: RestTopic,
		Sentence: "Explains what Parley decided last, and why.",
		Examples: []string{"!why"},
		Slash:    true, Label: "Why?",
	}
}
