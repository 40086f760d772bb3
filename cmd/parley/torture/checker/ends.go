package checker

import (
	"fmt"
	"regexp"
	"slices"
)

var endPattern = regexp.MustCompile(`\bc\d{3,6}-\d+-end\b`)

// EndWord returns the last word of a message with this marker. Where it arrives, nothing of the text was cut.
// Shape: c017-5-end
func (m Marker) EndWord() string { return fmt.Sprintf("c%03d-%d-end", m.Conversation, m.Number) }

// EndWordsIn returns all words of EndWord's shape in a text.
func EndWordsIn(text string) []string { return endPattern.FindAllString(text, -1) }

// checkEnds looks for messages that arrived without their end: those of customers in the threads, and replies in the
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

// checkEnd looks for the ends of the messages of one kind that a text has.
func checkEnd(v *Verdict, kind string, markers []Marker, ends []string, where string) {
	for _, m := range Distinct(markers) {
		if m.Kind == kind && !slices.Contains(ends, m.EndWord()) {
			v.addViolation(&v.Lost, "the end of %s is missing in %s", m, where)
		}
	}
}
