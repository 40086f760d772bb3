package checker

import (
	"fmt"
	"regexp"
)

// A line is a message that Parley posts into a thread in its own name, for example that a reply was not delivered.
// This file checks that Parley doesn't say the same of a reply twice.

// linePattern finds the words by which people see of what kind a line about a reply is. It knows the kinds of which a
// thread has one line for each sending of the reply.
var linePattern = regexp.MustCompile(`Nobody can tell whether .* got this\.|Not delivered:|You changed this after it was sent|` +
	`This was deleted here after it was sent`)

// LineKindIn returns the words of a line about a reply that say of what kind it is. It returns "" for a kind of which
// a thread may have several lines about the same reply.
func LineKindIn(text string) string { return linePattern.FindString(text) }

// checkLines looks for lines of one kind that say the same of a reply: each sending of the reply makes one.
func checkLines(v *Verdict, observed Observation, clicks map[Marker]Clicks) {
	for _, t := range observed.Threads {
		lines := map[string][]Post{}
		for _, p := range t.Posts {
			isAboutReply := p.isFromParley() && p.LineKind != "" && len(p.Markers) > 0
			if !isAboutReply {
				continue
			}

			allowed := 1
			for _, m := range Distinct(p.Markers) {
				allowed += clicks[m].Sends
			}
			key := fmt.Sprint(p.LineKind, Distinct(p.Markers))
			lines[key] = append(lines[key], p)
			if countDeliveries(lines[key]) > allowed {
				v.addViolation(&v.Doubled, "%s: the lines %s and %s say %q", p.Markers[0], lines[key][0].ID, p.ID, p.LineKind)
			}
		}
	}
}

// countDeliveries counts the deliveries that made posts of one content. Each delivery has a token of its own, and
// makes at most one post that doesn't say that it may be a copy.
func countDeliveries(posts []Post) int {
	unmarked := 0 // posts that don't say that they may be a copy
	tokens := map[string]bool{}
	for _, p := range posts {
		if !p.MaybeCopy {
			unmarked++
		}
		if p.Token != "" {
			tokens[p.Token] = true
		}
	}
	return max(unmarked, len(tokens))
}
