package view

import (
	"fmt"

	"parley/bot/shape"
	"parley/bridge"
)

// directSentences says what happened, for each kind of line that reaches agents outside of its channel. %s is the conversation.
func directSentences() map[bridge.LineKind]string {
	return map[bridge.LineKind]string{
		bridge.LineAssigned:  "%s is yours now.",
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

// DirectLine is what a direct message says of a line in the thread of a conversation: its number, and what happened. The customer's
// name, subject and words aren't in it, because no erasure finds a direct message. A colleague's note with an assignment is.
func DirectLine(l bridge.Line, id bridge.ConversationID) Card {
	where := "a thread"
	if id != 0 {
		where = shape.Number(id)
	}
	sentence, ok := directSentences()[l.Kind()]
	if !ok {
		sentence = "There is something for you in %s."
	}
	isAssigned := l.Kind() == bridge.LineAssigned
	if isAssigned && !shape.IsNobody(l.By) {
		sentence = "%s is yours now: " + shape.AgentName(l.By) + " assigned it."
	}
	c := Card{Blocks: []Block{shape.Sentence(fmt.Sprintf(sentence, where))}}
	if isAssigned {
		c.Blocks = append(c.Blocks, shape.Quote(l.Text)...)
	}
	return c
}
