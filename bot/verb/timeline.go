package verb

import "parley/bridge"

func timelineVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbTimeline,
		Reads: true,
		Typed: TypedLine{Words: []string{"timeline"}, AskIfAlone: true, Syntax: "!timeline", Rest: RestTopic},
		Help: Help{
			Sentence: "Says on whom each minute depended: the queue, an agent, the customer or the provider.",
			Examples: []string{"!timeline"},
		},
		Slash:  true,
		Button: Button{Unlisted: "Timeline"},
	}
}
