package verb

import "parley/bridge"

// presenceVerbs describes the commands by which agents say whether they are there: "!break 30m", "!away until monday cover @ben".
func presenceVerbs() []*Verb {
	verbs := []*Verb{
		{
			Name:  bridge.VerbAvailable,
			Typed: TypedLine{Words: []string{"available", "back"}, Syntax: "!available", Rest: RestNothing},
			Help: Help{
				Sentence: "You are there again: rules give you conversations, and you see what happened to yours meanwhile.",
				Examples: []string{"!back"},
			},
			Button: Button{Label: "I am back"},
		},
		{
			Name:   bridge.VerbBusy,
			Typed:  TypedLine{Words: []string{"busy"}, Syntax: "!busy [TIME]", Rest: RestAbsence},
			Help:   Help{Sentence: "Rules give you nothing more; what you have stays.", Examples: []string{"!busy", "!busy 2h"}},
			Button: Button{Unlisted: "Busy"},
		},
		{
			Name:   bridge.VerbBreak,
			Typed:  TypedLine{Words: []string{"break", "pause"}, Syntax: "!break [TIME]", Rest: RestAbsence},
			Help:   Help{Sentence: "Like busy, for a short while.", Examples: []string{"!break 30m"}},
			Button: Button{Unlisted: "Break"},
		},
		{
			Name:  bridge.VerbAway,
			Typed: TypedLine{Words: []string{"away", "offline"}, Syntax: "!away [TIME] [cover @WHO]", Rest: RestAbsence},
			Help: Help{
				Sentence: "What customers wait for goes to whoever covers for you and is there, or back to the queue.",
				Examples: []string{"!away until monday cover @ben", "!away"},
			},
			Button: Button{Unlisted: "Away"},
		},
	}
	for _, v := range verbs {
		v.Typed.AskIfAlone, v.Slash, v.Anywhere = true, true, true
	}
	return verbs
}
