package verb

import "parley/bridge"

func whyVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbWhy,
		Typed:  TypedLine{Words: []string{"why"}, Lone: true, Syntax: "!why", Rest: RestTopic},
		Help:   Help{Sentence: "Explains what Parley decided last, and why.", Examples: []string{"!why"}},
		Slash:  true,
		Button: Button{Unlisted: "Why?"},
	}
}
