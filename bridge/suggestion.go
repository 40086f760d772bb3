package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// SuggestionArgs say which suggested reply the form of a reply begins with.
type SuggestionArgs struct {
	ID     EventID `json:"id"`               // of the replies that an analysis suggested; it holds in their conversation alone
	Choice int     `json:"choice,omitempty"` // which of them was chosen, counted from 0; NoChoice means none yet
	Shown  string  `json:"shown,omitempty"`  // SumOf the text that the form showed; "" means it showed none
}

// NoChoice is the choice of a form that offers suggestions and begins with none of them.
const NoChoice = -1

// sumBytes is how much of its hash SumOf returns: enough to tell the suggestions of one conversation apart.
const sumBytes = 6

// SumOf returns a short hash of a text, which doesn't depend on its blanks and line breaks.
func SumOf(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(text), " ")))
	return hex.EncodeToString(sum[:sumBytes])
}

// SuggestedReply is a text that an analysis suggests to answer with. An agent reads and may change it before it
// is sent.
type SuggestedReply struct {
	ID      EventID // of the suggestions of which it is one
	Text    string
	Sources []SourceRef // what it draws on
}
