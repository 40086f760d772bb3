package torture

import "fmt"

// Verdict is the result of checking a test run: how much was observed, and how often each invariant was violated. For
// example, Lost counts messages that were written and reached nobody. docs/performance.md defines all invariants.
type Verdict struct {
	// The mails, messages and acts that were observed.
	Mails    int `json:"mails"`    // written by customers
	Replies  int `json:"replies"`  // typed by agents for the customer
	Internal int `json:"internal"` // typed by teammates, not for the customer
	Edits    int `json:"edits"`    // of replies and notes
	Deletes  int `json:"deletes"`  // of replies and notes
	Commands int `json:"commands"` // conversations resolved, snoozed, handed over or left without an owner
	Bounced  int `json:"bounced"`  // replies by mail that came back

	Files int `json:"files"` // of customers' mails

	// Violations of invariants.
	Lost            int `json:"lost"`
	Doubled         int `json:"doubled"`
	Reordered       int `json:"reordered"`
	Leaked          int `json:"leaked"`
	Scattered       int `json:"scattered"`        // messages of a conversation outside its thread
	ReceivedDeleted int `json:"received_deleted"` // received although deleted before they were sent
	ReceivedEdited  int `json:"received_edited"`  // received with the original text although edited before
	Forgotten       int `json:"forgotten"`        // customers who wrote last, and whose card names neither an owner nor the right team
	Unaccounted     int `json:"unaccounted"`      // acts of people that no emulator shows, and the opposite

	// Deviations that an injected fault explains. They are not violations as long as they are few. "Notified too late" means
	// that the chat told Parley of a message, an edit or a deletion too late.
	Ambiguous         int `json:"ambiguous"`          // replies that may have been sent or not: a simulated agent decided
	AmbiguousMessages int `json:"ambiguous_messages"` // messages with these replies; joined replies count once
	SentByClick       int `json:"sent_by_click"`      // replies that Parley held back until the simulated agent clicked
	RightlyAsked      int `json:"rightly_asked"`      // those of SentByClick that Parley had a reason to hold back
	ResolvedUnseen    int `json:"resolved_unseen"`    // customers who wait: the conversation was resolved before it showed their message
	Excused           int `json:"excused"`            // out of order: Parley was notified too late
	ExcusedChanges    int `json:"excused_changes"`    // received though deleted or edited: Parley was notified too late
	MarkedCopies      int `json:"marked_copies"`      // copies labelled as such: it was unknown whether the first was posted
	EventsLost        int `json:"events_lost"`        // replies and edits that Parley wasn't notified of and can't look up

	// Violations describes the first maxViolations violations.
	Violations []string `json:"violations,omitempty"`
}

// maxViolations bounds how many violations are described. All are counted.
const maxViolations = 40

// CountUnsettled returns the number of violations that may disappear if the run continues for a while.
func (v *Verdict) CountUnsettled() int { return v.Lost + v.Forgotten + v.Unaccounted }

// addViolation increments a counter of v and describes the violation.
func (v *Verdict) addViolation(count *int, format string, args ...any) {
	*count++
	if len(v.Violations) < maxViolations {
		v.Violations = append(v.Violations, fmt.Sprintf(format, args...))
	}
}

// Tallies returns how often each invariant was violated.
func (v *Verdict) Tallies() []Tally {
	return []Tally{
		{"lost", v.Lost},
		{"doubled", v.Doubled},
		{"reordered", v.Reordered},
		{"leaked", v.Leaked},
		{"scattered", v.Scattered},
		{"received though deleted", v.ReceivedDeleted},
		{"received though edited", v.ReceivedEdited},
		{"forgotten", v.Forgotten},
		{"unaccounted for", v.Unaccounted},
	}
}

// Tally is a count with a label for people.
type Tally struct {
	What  string // for example "lost"
	Count int
}

// FormatTallies returns a line, such as "3 lost", for each tally that is not zero.
func FormatTallies(list []Tally) []string {
	var lines []string
	for _, t := range list {
		if t.Count > 0 {
			lines = append(lines, fmt.Sprintf("%d %s", t.Count, t.What))
		}
	}
	return lines
}
