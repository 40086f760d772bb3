package verb

import "parley/bridge"

func whyVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbWhy,
		Reads:  true,
		Typed:  TypedLine{Words: []string{"why"}, AskIfAlone: true, Syntax: "!why", Rest: RestTopic},
		Help:   Help{Sentence: "Explains what Parley decided last, and why.", Examples: []string{"!why"}},
		Slash:  true,
		Button: Button{Unlisted: "Why?"},
	}
}
