package engine

import (
	"cmp"
	"strings"
	"time"

	"parley/bridge"
	"parley/store"
)

// maxQuoteRunes is how much of a message is quoted in a line about it.
const maxQuoteRunes = 80

// Quote returns the beginning of what a message says, to name the message in a line. A message without words has the name of its first
// file.
func Quote(m *store.Message) string {
	text := Preview(m.Text)
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	return Shorten(text, maxQuoteRunes)
}

// WordsOrRemarks returns what a message says or, if it has no words, the remarks about it.
func WordsOrRemarks(text string, notices []string) string {
	return cmp.Or(text, strings.Join(notices, " "))
}

// ChangeLine returns the line that says that a customer changed the message with this id: what it said before, and what
// it says now, since at.
func ChangeLine(id store.MessageID, before, now string, at time.Time) bridge.Line {
	return bridge.Line{Content: &bridge.ChangedLine{Before: before, At: at}, Text: now, Args: bridge.Args{Message: id}}
}
