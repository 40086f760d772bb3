package view

import (
	"fmt"

	"parley/bot/shape"
	"parley/bridge"
)

// directSentences returns, for each kind of line that agents also get as a direct message, a sentence about what happened.
// %s is the conversation's number, or "a thread".
func directSentences() map[bridge.LineKind]string {
	return map[bridge.LineKind]string{
		bridge.LineAssigned:  "%s is yours now.",
		bridge.LineRouted:    "%s is yours now.",
		bridge.LineLate:      "A customer waits too long in %s.",
		bridge.LineWoke:      "The snooze of %s is over.",
		bridge.LineReopened:  "The customer wrote again in %s, which is reopened.",
		bridge.LineChanged:   "The customer changed a message in %s.",
		bridge.LineAnalysis:  "%s looks urgent.",
		bridge.LineAsk:       "A text of yours in %s was not sent yet.",
		bridge.LineInside:    "A text of yours in %s stayed inside.",
		bridge.LineParked:    "A reply of yours in %s was not sent.",
		bridge.LineOffered:   "A reply of yours in %s still waits, and can be sent now.",
		bridge.LineFailed:    "Somebody did not get a reply of yours in %s.",
		bridge.LineRetrying:  "A reply of yours in %s was not delivered yet.",
		bridge.LineUnclear:   "Nobody can tell whether a reply of yours in %s was delivered.",
		bridge.LineEditLate:  "You changed a message in %s after it was sent.",
		bridge.LineUndone:    "A reply of yours in %s was taken back in time.",
		bridge.LineNotMapped: "Nothing was sent of what you typed in %s: I don't know you as an agent.",
	}
}

// DirectLine makes the card of a direct message that tells an agent about a line, which is a remark of Parley's in the
// thread of a conversation: "#12 is yours now: Ben assigned it." id is that conversation, or 0 if the line is about none.
//
// The card leaves out the customer's name, the subject and the messages, because Parley can't find direct messages when a
// customer's data has to be erased. The note that a colleague adds to an assignment is shown.
func DirectLine(l bridge.Line, id bridge.ConversationID) Card {
	where := "a thread"
	if id != 0 {
		where = shape.Number(id)
	}
	sentence, ok := directSentences()[l.Kind()]
	if !ok {
		sentence = "There is something for you in %s."
	}
	words := fmt.Sprintf(sentence, where)
	isAssigned := l.Kind() == bridge.LineAssigned
	if isAssigned && !shape.IsNobody(l.By) {
		words = where + " is yours now: " + shape.AgentName(l.By) + " assigned it."
	}
	c := Card{Blocks: []Block{shape.Sentence(words)}}
	if isAssigned {
		c.Blocks = append(c.Blocks, shape.Quote(l.Text)...)
	}
	return c
}
