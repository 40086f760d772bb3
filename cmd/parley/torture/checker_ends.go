package torture

import (
	"fmt"
	"regexp"
	"slices"
)

var endPattern = regexp.MustCompile(`\bc\d{3,6}-\d+-end\b`)

// EndWord returns the last word of a message with this marker, the word by which the test run recognises the message. For
// example, "inbound-c017-5" ends with "c017-5-end". If that word arrived, the end of the text wasn't cut off.
func (m Marker) EndWord() string { return fmt.Sprintf("c%03d-%d-end", m.Conversation, m.Number) }

// EndWordsIn returns all words in a text that have the form of EndWord.
func EndWordsIn(text string) []string { return endPattern.FindAllString(text, -1) }

// checkEnds reports messages that arrived without their end: customers' messages in the threads, and replies in the
// customers' mailboxes.
func checkEnds(v *Verdict, observed Observation) {
	for _, p := range observed.posts() {
		if p.isFromCustomer() {
			checkEnd(v, Inbound, p.Markers, p.EndWords, "the post "+p.ID)
		}
	}
	for _, b := range observed.Mailboxes {
		for _, m := range b.Received {
			checkEnd(v, Outbound, m.Markers, m.EndWords, "what a customer received, "+m.ID)
		}
	}
}

// checkEnd reports messages of one kind whose marker is in a text, but whose end isn't. where describes the text.
func checkEnd(v *Verdict, kind string, markers []Marker, ends []string, where string) {
	for _, m := range Distinct(markers) {
		if m.Kind == kind && !slices.Contains(ends, m.EndWord()) {
			v.addViolation(&v.Lost, "the end of %s is missing in %s", m, where)
		}
	}
}
