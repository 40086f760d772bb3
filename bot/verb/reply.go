package verb

import (
	"fmt"

	"parley/bot/shape"
	"parley/bridge"
)

// replyVerb describes the command "!reply Your parcel is on its way.", which sends a text to the customer.
// Its form is in replyform.go. The type Verb explains the fields.
func replyVerb() *Verb {
	return &Verb{
		Name: bridge.VerbReply,
		Typed: TypedLine{
			Words:      []string{"reply", "answer", PromoWord},
			Answers:    []string{"answer"},
			AskIfAlone: true,
			Syntax:     "!reply TEXT",
			Rest:       RestReply,
			Missing:    "Say what to send: !reply Your parcel is on its way.",
		},
		Sends: true,
		Help: Help{
			Sentence: "Sends the text to the customer, whoever holds the conversation.",
			Examples: []string{
				"!reply Your parcel is on its way.", "@Parley reply: Your parcel is on its way.",
				"!promo Lamps are 10 % off this week.",
			},
			InShortHelp: true,
		},
		Slash:  true,
		Button: Button{Label: "Reply"},
		Menus:  Menus{Message: &Entry{Order: 1, Title: "Reply to customer", About: "Answer a message, or the conversation", InBox: true}},
		Form:   Form{Ask: askReply, Read: readReply, Lists: []List{Answerables}, Answering: true},
		Done:   onItsWayWords,
		Shown:  repliedBlocks,
	}
}

// textCountWords returns how many text messages (SMS) a reply is billed as, in parentheses, or "" for fewer
// than two.
func textCountWords(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d texts)", n)
}

// PromoWord is the word of the verb that marks a reply as promotional.
const PromoWord = "promo"

// onItsWayWords confirms that a text is being sent to the customer.
func onItsWayWords(l bridge.Line, f bridge.Facts) string {
	return "On its way to " + shape.Customer(l, f) + "."
}

// repliedBlocks shows a reply that was written in a form.
func repliedBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	if l.Text == "" && l.Rich == nil && len(l.Files) == 0 {
		return nil
	}
	reply, ok := l.Content.(*bridge.RepliedLine)
	if !ok {
		reply = &bridge.RepliedLine{}
	}
	lead := shape.Sentence(shape.Icon("outbox_tray"), " ", shape.LeadingMentions(l),
		shape.DoerName(l)+" to "+shape.Customer(l, f)+textCountWords(reply.Count)+":")
	blocks := append([]shape.Block{lead}, shape.QuoteAnswered(reply.Answered)...)
	return append(append(blocks, shape.Quote(l.Text)...), shape.AttachedFiles(l.Files)...)
}
