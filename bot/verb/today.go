package verb

import "parley/bridge"

// todayVerb describes "!today", with which an agent begins the day.
func todayVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbToday,
		Reads: true,
		Typed: TypedLine{Words: []string{"today"}, Answers: []string{"today"}, AskIfAlone: true, Syntax: "!today"},
		Help: Help{
			Sentence: "Shows you alone what the day has for you: what is urgent, promised, woken, new to you, and which reply windows close.",
			Examples: []string{"@Parley today", "!today"},
		},
		Slash:    true,
		Anywhere: true,
		Button:   Button{Unlisted: "Today"},
	}
}
