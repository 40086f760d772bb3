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

func (t *teller) title(c store.Conversation) string {
	parts := []string{c.Status, "account " + t.account(c.AccountID)}
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
		parts = append(parts, t.agents(c.Assignees))
	}
	if c.Kind == store.KindAutomatic {
		parts = append(parts, "the day's automatic messages")
	}
	if c.PreviousID != nil {
		parts = append(parts, fmt.Sprintf("continues #%d", *c.PreviousID))
	}
	return fmt.Sprintf("#%d: %s", c.ID, strings.Join(parts, " · "))
}

func (t *teller) account(id store.AccountID) string {
	for _, a := range t.dir.Accounts {
		if a.ID == id {
			return a.Name
		}
	}
	return fmt.Sprintf("account %d", id)
}

func (t *teller) agents(list []store.AgentID) string {
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

// arrived returns the step of an event. If the event caused something, the step has the time of the first such
// thing, so that it stands just before it; else the event's own, converted to Parley's clock.
func (t *teller) arrived(e event) Step {
	s := Step{At: e.ReceivedAt.Add(t.ahead), Kind: StepArrived, Event: e.ID,
		Text: fmt.Sprintf("event %d arrived from %s (%s)", e.ID, e.Account, size(e.SizeBytes))}
	if first, ok := t.caused[e.ID]; ok {
		s.At = first
	}
	s.Detail = append(s.Detail, "fact "+shorten(e.ExternalID))
	switch {
	case e.Reason != nil && e.Erased:
		s.Bad = true
		s.Detail = append(s.Detail, "quarantined: "+*e.Reason, "its payload is no longer kept: it can't be tried again")
	case e.Reason != nil:
		s.Bad = true
		s.Detail = append(s.Detail, "quarantined: "+*e.Reason, fmt.Sprintf("to try it again: parley replay %d", e.ID))
	case e.Tries != nil && *e.Tries > 0:
		s.Bad = true
		s.Detail = append(s.Detail, "not applied yet, tried "+times(*e.Tries)+t.again(e.WaitsUntil))
	case e.Tries != nil:
		s.Detail = append(s.Detail, "not applied yet"+t.again(e.WaitsUntil))
	case e.Erased:
		s.Detail = append(s.Detail, "applied; its payload is no longer kept")
	default:
		s.Detail = append(s.Detail, "applied")
	}
	return s
}

// again says when an event that could not be applied is tried again (until: database's clock).
func (t *teller) again(until *time.Time) string {
	if until == nil {
		return ""
	}
	return ", again in " + rounded(until.Add(t.ahead).Sub(t.now))
}

// rounded writes a duration; the longer it is, the less exact.
func rounded(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	case d >= time.Second:
		return d.Round(time.Second / 10).String()
	}
	return max(d, 0).Round(time.Millisecond).String()
}

// said returns the step of a message: who wrote it, how long it is, what was decided about it and why.
func (t *teller) said(m store.Message) Step {
	who := "the customer"
	if m.Direction != store.DirectionIn {
		who = "somebody who is no agent"
		if m.AgentID != nil {
			who = t.agents([]store.AgentID{*m.AgentID})
		}
	}
	s := Step{At: m.CreatedAt, Kind: StepSaid, Message: m.ID, Event: m.EventID}
	s.Text = fmt.Sprintf("%s wrote message %d (%s%s)", who, m.ID, characters(m.Text), files(len(m.Files)))
	if m.Automatic != "" {
		s.Text = fmt.Sprintf("a machine wrote message %d (%s%s)", m.ID, characters(m.Text), files(len(m.Files)))
		s.Detail = append(s.Detail, "automatic: "+words(m.Automatic))
	}
	decision, bad := fate(m.Fate)
	s.Bad = bad
	if m.Reason != "" {
		decision += ", because: " + words(m.Reason)
	}
	s.Detail = append(s.Detail, decision)
	return s
}

// fate returns the words for a fate, and whether somebody should look at the message.
func fate(fate store.Fate) (text string, bad bool) {
	switch fate {
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
	return string(fate), false
}

// delivered returns the step of a delivery: its state, and the errors of its attempts.
func (t *teller) delivered(d delivery) Step {
	s := Step{At: d.CreatedAt, Kind: StepDelivery, Message: d.MessageID, Delivery: d.ID}
	what := kind(d.Kind)
	if d.MessageID != 0 {
		what += fmt.Sprintf(" of message %d", d.MessageID)
	}
	s.Text = fmt.Sprintf("%s to %s: %s", what, d.Account, strings.ReplaceAll(d.State, "_", " "))
	switch d.State {
	case store.Failed, store.Unknown, store.NeedsDecision:
		s.Bad = true
	case store.Queued:
		s.Detail = append(s.Detail, t.queued(d))
	}
	if d.Attempt > 0 {
		s.Detail = append(s.Detail, "attempted "+times(d.Attempt)+t.attempts(d))
	}
	if d.ErrorClass != "" || d.ErrorText != "" {
		s.Bad = s.Bad || d.State == store.Queued
		s.Detail = append(s.Detail, strings.TrimPrefix(words(d.ErrorClass)+": "+d.ErrorText, ": "))
	}
	return s
}

// kind returns the words for a delivery's kind: a reply, or a bridge.PostKind.
func kind(kind string) string {
	switch kind {
	case "reply", "files", "card":
		return kind
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

func (t *teller) queued(d delivery) string {
	due := d.NotBefore
	if d.Before > 0 {
		return fmt.Sprintf("waits for %d before it", d.Before)
	}
	if d.DueAt != nil && (due == nil || d.DueAt.After(*due)) {
		due = d.DueAt
	}
	if due == nil || !due.After(t.now) {
		return "due now"
	}
	return "due in " + rounded(due.Sub(t.now))
}

// attempts says how long after it was queued the first and the last attempt of a delivery began.
func (t *teller) attempts(d delivery) string {
	if d.FirstAt == nil || d.SentAt == nil {
		return ""
	}
	first := rounded(d.FirstAt.Add(t.ahead).Sub(d.CreatedAt))
	if d.Attempt == 1 || d.SentAt.Equal(*d.FirstAt) {
		return ", " + first + " later"
	}
	return ", first " + first + " later, last " + rounded(d.SentAt.Add(t.ahead).Sub(d.CreatedAt)) + " later"
}

// done returns the step of a log entry. Of texts that people typed (notes, names, addresses) it shows the length
// only.
func (t *teller) done(e store.LogEntry) Step {
	var d struct {
		Text    string          `json:"text"`
		Reason  string          `json:"reason"`
		Message store.MessageID `json:"message"`
		Agents  []store.AgentID `json:"agents"`
	}
	_ = json.Unmarshal(e.Detail, &d) // older entries have fewer fields
	who := "Parley"
	switch {
	case e.AgentID != nil:
		who = t.agents([]store.AgentID{*e.AgentID})
	case e.Actor == store.ByCustomer:
		who = "the customer"
	}
	s := Step{At: e.At, Kind: StepDone, Event: e.EventID, Message: d.Message, Text: who + ": " + string(e.What)}
	if len(d.Agents) > 0 {
		s.Text += " " + t.agents(d.Agents)
	}
	if d.Text != "" {
		if safeText(e.What) {
			s.Text += " " + d.Text
		} else {
			s.Text += " (" + characters(d.Text) + ")"
		}
	}
	if d.Reason != "" {
		s.Detail = append(s.Detail, "because: "+words(d.Reason))
	}
	return s
}

// safeText reports whether the text of such a log entry may be shown, because Parley made it.
func safeText(what store.Deed) bool {
	return slices.Contains([]store.Deed{store.DeedAssigned, store.DeedSnoozed, store.DeedTagged, store.DeedUntagged, store.DeedRefused}, what)
}

func characters(s string) string {
	return count(utf8.RuneCountInString(s), "character")
}

func count(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func files(n int) string {
	if n == 0 {
		return ""
	}
	return ", " + count(n, "file")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// words writes a code for people: not_assignee becomes "not assignee".
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1000)
}

func shorten(s string) string {
	if runes := []rune(s); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return s
}
