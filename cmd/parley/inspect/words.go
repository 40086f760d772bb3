package inspect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/store"
)

// writeTitle says in one line what a conversation is: its state, account, team, owners.
func (t *teller) writeTitle(c store.Conversation) string {
	parts := []string{c.Status, "account " + t.accountName(c.AccountID)}
	if c.TeamID != nil {
		for _, team := range t.dir.Teams {
			if team.ID == *c.TeamID {
				parts = append(parts, "team "+team.Name)
			}
		}
	}

	if len(c.Assignees) == 0 {
		parts = append(parts, "nobody holds it")
	} else {
		parts = append(parts, t.agentNames(c.Assignees))
	}

	if c.Kind == store.KindAutomatic {
		parts = append(parts, "the day's automatic messages")
	}
	if c.PreviousID != nil {
		parts = append(parts, fmt.Sprintf("continues #%d", *c.PreviousID))
	}

	return fmt.Sprintf("#%d: %s", c.ID, strings.Join(parts, " · "))
}

// accountName returns an account's name, or its number if it was removed.
func (t *teller) accountName(id store.AccountID) string {
	for _, a := range t.dir.Accounts {
		if a.ID == id {
			return a.Name
		}
	}
	return fmt.Sprintf("account %d", id)
}

// agentNames returns the names of agents, with commas between them.
func (t *teller) agentNames(list []store.AgentID) string {
	names := make([]string, len(list))
	for i, id := range list {
		names[i] = "a former agent"
		for _, a := range t.dir.Agents {
			if a.ID == id {
				names[i] = a.Name
			}
		}
	}
	return strings.Join(names, ", ")
}

// arrivalStep returns the step of an event. If the event caused something, the step has the time of the first such
// thing, so that it stands just before it; else the event's own, converted to Parley's clock.
func (t *teller) arrivalStep(e event) Step {
	s := Step{At: t.toParleysClock(e.ReceivedAt), Kind: StepArrived, Event: e.ID,
		Text: fmt.Sprintf("event %d arrived from %s (%s)", e.ID, e.Account, sizeWords(e.SizeBytes))}
	if first, ok := t.caused[e.ID]; ok {
		s.At = first
	}

	s.Detail = append(s.Detail, "fact "+shorten(e.ExternalID))
	if e.Reason != nil {
		s.Bad = true
		advice := fmt.Sprintf("to try it again: parley replay %d", e.ID)
		if e.Erased {
			advice = "its payload is no longer kept: it can't be tried again"
		}

		s.Detail = append(s.Detail, "quarantined: "+*e.Reason, advice)
		return s
	}

	if e.Tries != nil { // it is in a queue
		words := "not applied yet"
		if *e.Tries > 0 {
			s.Bad = true
			words += ", tried " + timesWords(*e.Tries)
		}

		s.Detail = append(s.Detail, words+t.retryWords(e.WaitsUntil))
		return s
	}

	words := "applied"
	if e.Erased {
		words += "; its payload is no longer kept"
	}

	s.Detail = append(s.Detail, words)
	return s
}

// toParleysClock converts a time of the database's clock to Parley's. In production both are the same.
func (t *teller) toParleysClock(at time.Time) time.Time { return at.Add(t.clockAhead) }

// retryWords says when an event that could not be applied is tried again. until is by the database's clock; nil means at
// once.
func (t *teller) retryWords(until *time.Time) string {
	if until == nil {
		return ""
	}
	return ", again in " + roundDuration(t.toParleysClock(*until).Sub(t.now))
}

// roundDuration writes a duration. The longer it is, the less exact: "3h20m", "4.5s", "12ms".
func roundDuration(d time.Duration) string {
	if d >= time.Minute {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	if d >= time.Second {
		return d.Round(time.Second / 10).String()
	}
	return max(d, 0).Round(time.Millisecond).String()
}

// messageStep returns the step of a message: who wrote it, how long it is, what was decided about it and why.
func (t *teller) messageStep(m store.Message) Step {
	who := "the customer"
	if m.Direction != store.DirectionIn {
		who = "somebody who is no agent"
		if m.AgentID != nil {
			who = t.agentNames([]store.AgentID{*m.AgentID})
		}
	}

	s := Step{At: m.CreatedAt, Kind: StepSaid, Message: m.ID, Event: m.EventID}
	if m.Automatic != "" {
		who = "a machine"
		s.Detail = append(s.Detail, "automatic: "+codeWords(m.Automatic))
	}

	s.Text = fmt.Sprintf("%s wrote message %d (%s%s)", who, m.ID, countCharacters(m.Text), fileWords(len(m.Files)))
	decision, bad := fateWords(m.Fate)
	s.Bad = bad

	if m.Reason != "" {
		decision += ", because: " + codeWords(m.Reason)
	}

	s.Detail = append(s.Detail, decision)
	return s
}

// fateWords returns the words for a fate, and whether somebody should look at the message.
func fateWords(f store.Fate) (text string, bad bool) {
	switch f {
	case store.FateIn:
		return "taken in", false
	case store.FateInside:
		return "stays inside", false
	case store.FateAsk:
		return "waits for a click, not sent", false
	case store.FateWaiting:
		return "is on its way to the customer", false
	case store.FateOut:
		return "went to the customer", false
	case store.FateFailed:
		return "did not reach the customer", true
	case store.FateUnclear:
		return "nobody knows whether the customer got it", true
	case store.FateParked:
		return "kept for later, waits for a click, not sent", true
	case store.FateUndone:
		return "taken back in time", false
	case store.FateDropped:
		return "given up, not sent", false
	}

	return string(f), false
}

// deliveryStep returns the step of a delivery: its state, and the errors of its attempts.
func (t *teller) deliveryStep(d delivery) Step {
	s := Step{At: d.CreatedAt, Kind: StepDelivery, Message: d.MessageID, Delivery: d.ID}
	what := kindWords(d.Kind)
	if d.MessageID != 0 {
		what += fmt.Sprintf(" of message %d", d.MessageID)
	}

	s.Text = fmt.Sprintf("%s to %s: %s", what, d.Account, strings.ReplaceAll(d.State, "_", " "))
	switch d.State {
	case store.Failed, store.Unknown, store.NeedsDecision:
		s.Bad = true
	case store.Queued:
		s.Detail = append(s.Detail, t.waitWords(d))
	}

	if d.Attempt > 0 {
		s.Detail = append(s.Detail, "attempted "+timesWords(d.Attempt)+t.attemptWords(d))
	}
	if d.ErrorClass != "" || d.ErrorText != "" {
		s.Bad = s.Bad || d.State == store.Queued
		s.Detail = append(s.Detail, strings.TrimPrefix(codeWords(d.ErrorClass)+": "+d.ErrorText, ": "))
	}

	return s
}

// kindWords returns the words for a delivery's kind: a reply, or a bridge.PostKind. Kinds that are words already, and unknown
// ones, stay as they are.
func kindWords(kind string) string {
	switch kind {
	case "root":
		return "first post of the thread"
	case "said":
		return "post"
	case "line":
		return "remark"
	case "mark":
		return "receipt mark"
	case "ephemeral":
		return "hint to one person"
	}
	return kind
}

// waitWords says for what a queued delivery waits: for others of its lane, or for its own time and that of its lane.
func (t *teller) waitWords(d delivery) string {
	if d.Before > 0 {
		return fmt.Sprintf("waits for %d before it", d.Before)
	}
	due := laterOf(d.NotBefore, d.DueAt)
	if !due.After(t.now) {
		return "due now"
	}
	return "due in " + roundDuration(due.Sub(t.now))
}

// laterOf returns the later of two times, of which nil ones don't count; the zero time if both are nil.
func laterOf(a, b *time.Time) time.Time {
	var later time.Time
	for _, at := range []*time.Time{a, b} {
		if at != nil && at.After(later) {
			later = *at
		}
	}
	return later
}

// attemptWords says how long after it was queued the first and the last attempt of a delivery began.
func (t *teller) attemptWords(d delivery) string {
	if d.FirstAt == nil || d.SentAt == nil {
		return ""
	}
	first := roundDuration(t.toParleysClock(*d.FirstAt).Sub(d.CreatedAt))
	if d.Attempt == 1 || d.SentAt.Equal(*d.FirstAt) {
		return ", " + first + " later"
	}
	last := roundDuration(t.toParleysClock(*d.SentAt).Sub(d.CreatedAt))
	return ", first " + first + " later, last " + last + " later"
}

// logStep returns the step of a log entry. Of texts that people typed (notes, names, addresses) it shows the length
// only.
func (t *teller) logStep(e store.LogEntry) Step {
	var d struct {
		Text    string          `json:"text"`
		Reason  string          `json:"reason"`
		Message store.MessageID `json:"message"`
		Agents  []store.AgentID `json:"agents"`
	}

	_ = json.Unmarshal(e.Detail, &d) // the detail of some deeds has other fields, or none: the step is told without them
	who := "Parley"
	if e.AgentID != nil {
		who = t.agentNames([]store.AgentID{*e.AgentID})
	} else if e.Actor == store.ByCustomer {
		who = "the customer"
	}

	s := Step{At: e.At, Kind: StepDone, Event: e.EventID, Message: d.Message, Text: who + ": " + string(e.What)}
	if len(d.Agents) > 0 {
		s.Text += " " + t.agentNames(d.Agents)
	}

	if d.Text != "" {
		if isSafeText(e.What) {
			s.Text += " " + d.Text
		} else {
			s.Text += " (" + countCharacters(d.Text) + ")"
		}
	}

	if d.Reason != "" {
		s.Detail = append(s.Detail, "because: "+codeWords(d.Reason))
	}

	return s
}

// isSafeText reports whether the text of such a log entry may be shown, because Parley made it.
func isSafeText(what store.Deed) bool {
	return slices.Contains([]store.Deed{store.DeedAssigned, store.DeedSnoozed, store.DeedTagged, store.DeedUntagged, store.DeedRefused}, what)
}

// countCharacters says how long a text is: "12 characters".
func countCharacters(s string) string {
	return count(utf8.RuneCountInString(s), "character")
}

// count writes a number of things: "1 file", "2 files", "3 addresses".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// fileWords continues a list by a number of files: ", 2 files". It is empty if there are none.
func fileWords(n int) string {
	if n == 0 {
		return ""
	}
	return ", " + count(n, "file")
}

// timesWords says how often something was done: "once", "2 times".
func timesWords(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// codeWords writes a code for people: not_assignee becomes "not assignee".
func codeWords(code string) string { return strings.ReplaceAll(code, "_", " ") }

// sizeWords writes a size: "512 bytes", "3.4 kB".
func sizeWords(bytes int64) string {
	const kilobyte = 1000
	if bytes < kilobyte {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f kB", float64(bytes)/kilobyte)
}

// maxIDRunes is how much of an external id is shown, so that it stays in one line of a terminal.
const maxIDRunes = 80

// shorten cuts an external id.
func shorten(s string) string {
	if runes := []rune(s); len(runes) > maxIDRunes {
		return string(runes[:maxIDRunes]) + "…"
	}
	return s
}
