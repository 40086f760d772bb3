package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func aiVerb() *Verb {
	return &Verb{
		Name: bridge.VerbAI,
		Typed: TypedLine{
			Words:      []string{"ai", "summarise", "summarize", "summary", "translate", "shorten"},
			AskIfAlone: true,
			Syntax:     "!ai WHAT",
			Rest:       RestTextRequest,
		},
		Help: Help{
			Sentence: "Has a text written that only colleagues see: a summary, a translation, another wording, an answer about the conversation.",
			Examples: []string{"!ai", "!summary", "!ai translate", "!ai translate to German: Your parcel left today.",
				"!ai shorter: We are very sorry that your parcel has not arrived yet.", "!ai what did she order?"},
		},
		Slash:  true,
		Button: Button{Label: "Summary", Details: true},
		Done:   confirmAI,
	}
}

// confirmAI confirms !ai in one sentence.
func confirmAI(bridge.Line, bridge.Facts) string {
	return "Working on it: the text comes in the thread, for colleagues only."
}

// ReplyWith is the button that opens the form of a reply with a text in it; false where the text is too long for a
// button.
func ReplyWith(conversation bridge.ConversationID, text string) (b shape.Button, ok bool) {
	b = NewButton(bridge.VerbReply, bridge.Args{Conversation: conversation, ReplyArgs: bridge.ReplyArgs{Draft: text}})
	b.Label = "Use reply"
	_, _, err := Pressed(string(b.Verb), b.Value)
	return b, err == nil
}
