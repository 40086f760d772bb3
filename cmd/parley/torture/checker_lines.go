package torture

import (
	"fmt"
	"regexp"
)

// A line is a message that Parley posts into a chat thread in its own name, for example "Not delivered: mailbox full".
// This file checks that a thread has only one line of each kind about a reply. If the agent clicked to send the reply
// again, each further attempt may add one.

// linePattern matches the words that identify the kind of a line. It covers only the kinds that appear once for each
// attempt to send a reply.
var linePattern = regexp.MustCompile(`Nobody can tell whether .* got this\.|Not delivered:|You changed this after it was sent|` +
	`This was deleted here after it was sent|archived this|merged this into|made a conversation of it|Deleted by|blocked the customer`)

// LineKindIn returns the words that identify the kind of a line, such as "Not delivered:". It returns "" for kinds that
// a thread may have several times about the same reply.
func LineKindIn(text string) string { return linePattern.FindString(text) }

// checkLines reports duplicate lines. clicks has the number of repeated attempts by reply.
func checkLines(v *Verdict, observed Observation, clicks map[Marker]Clicks) {
	for _, t := range observed.Threads {
		lines := map[string][]Post{} // by kind and markers
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

// countDeliveries returns the minimum number of deliveries (queued posts) that produced these posts, which have the
// same content. Each delivery has its own token, and produces at most one post that isn't labelled as a possible copy.
func countDeliveries(posts []Post) int {
	unmarked := 0 // posts that aren't labelled as possible copies
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
