package checker

import "fmt"

// Verdict is the result of a check: how much was observed, and how often each invariant was violated.
// docs/performance.md defines the invariants' names.
type Verdict struct {
	// What was observed.
	Mails    int `json:"mails"`    // written by customers
	Replies  int `json:"replies"`  // typed by agents for the customer
	Internal int `json:"internal"` // typed by teammates, not for the customer
	Edits    int `json:"edits"`    // of replies and notes
	Deletes  int `json:"deletes"`  // of replies and notes
	Commands int `json:"commands"` // conversations resolved, snoozed, handed over or left without an owner
	Bounced  int `json:"bounced"`  // replies that came back, as the thread says

	Files int `json:"files"` // of customers' mails

	NotedMessages  int `json:"noted_messages"`  // customers' messages that a note of an analysis names
	ModelQuestions int `json:"model_questions"` // questions that a model was asked

	// Violations of invariants.
	Lost            int `json:"lost"`
	Doubled         int `json:"doubled"`
	Reordered       int `json:"reordered"`
	Leaked          int `json:"leaked"`
	Scattered       int `json:"scattered"`        // messages of a conversation outside its thread
	ReceivedDeleted int `json:"received_deleted"` // replies that were deleted during the hold, and yet received
	ReceivedEdited  int `json:"received_edited"`  // replies that were edited during the hold, and yet received with their former words
	Forgotten       int `json:"forgotten"`        // customers who spoke last, and whose card names neither an owner nor the right team
	Unaccounted     int `json:"unaccounted"`      // what people said or did and no emulator shows, and the reverse

	// Deviations that an injected fault explains. They violate nothing as long as they are few.
	Ambiguous         int `json:"ambiguous"`          // replies of which nobody could tell whether they were sent: the oracle's agent decided
	AmbiguousMessages int `json:"ambiguous_messages"` // the messages in which these replies left: replies that left together count once
	SentByClick       int `json:"sent_by_click"`      // replies that Parley asked about or parked, sent by the oracle's agent
	RightlyAsked      int `json:"rightly_asked"`      // those of SentByClick about which Parley had a reason to ask
	ResolvedUnseen    int `json:"resolved_unseen"`    // customers who wait in a conversation that was resolved before their message was shown
	Excused           int `json:"excused"`            // out of order, as Parley was told too late
	ExcusedChanges    int `json:"excused_changes"`    // received though deleted or edited, as Parley was told too late
	MarkedCopies      int `json:"marked_copies"`      // second copies that say so: nobody could find out whether the first was posted
	EventsLost        int `json:"events_lost"`        // replies and edits of which the platform gave up telling Parley, who may not look

	// Violations describes the violations, up to maxViolations of them.
	Violations []string `json:"violations,omitempty"`
}

// maxViolations is how many violations are described. The first few are what somebody reads; all are counted.
const maxViolations = 40

// CountUnsettled counts the violations that may end by themselves when one waits.
func (v *Verdict) CountUnsettled() int { return v.Lost + v.Forgotten + v.Unaccounted }

// addViolation adds one to a count, and describes the violation unless maxViolations are described.
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

// Tally is what was counted, in words for people, and how often it occurred.
type Tally struct {
	What  string
	Count int
}

// FormatTallies returns a line for each tally that is not zero.
func FormatTallies(list []Tally) []string {
	var lines []string
	for _, t := range list {
		if t.Count > 0 {
			lines = append(lines, fmt.Sprintf("%d %s", t.Count, t.What))
		}
	}
	return lines
}
