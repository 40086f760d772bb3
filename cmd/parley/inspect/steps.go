package inspect

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/store"
)

// arrivalStep returns the step of an event that arrived: "event 7 arrived from mail (2 kB)". It gets the time of the first thing that
// the event caused, and sorting keeps it ahead of that. An event that caused nothing has its own time, on Parley's clock.
func (t *teller) arrivalStep(e event) Step {
	s := Step{At: t.toParleysClock(e.ReceivedAt), Kind: StepArrived, Event: e.ID,
		Text: fmt.Sprintf("event %d arrived from %s (%s)", e.ID, e.Account, sizeWords(e.SizeBytes))}
	if first, ok := t.caused[e.ID]; ok {
		s.At = first
	}

	words, isBad := t.stateOfEvent(e)
	s.Bad = isBad
	s.Detail = append([]string{"fact " + shorten(e.ExternalID)}, words...)
	return s
}

// stateOfEvent says what became of an event: in quarantine, in a queue or applied. isBad means that somebody should look.
func (t *teller) stateOfEvent(e event) (words []string, isBad bool) {
	if e.Reason != nil {
		advice := fmt.Sprintf("to try it again: parley replay %d", e.ID)
		if e.Erased {
			advice = "its payload is no longer kept: it can't be tried again"
		}
		return []string{"quarantined: " + *e.Reason, advice}, true
	}

	isQueued := e.Tries != nil
	if isQueued && *e.Tries > 0 {
		return []string{"not applied yet, tried " + timesWords(*e.Tries) + t.retryWords(e.WaitsUntil)}, true
	}
	if isQueued {
		return []string{"not applied yet" + t.retryWords(e.WaitsUntil)}, false
	}
	if e.Erased {
		return []string{"applied; its payload is no longer kept"}, false
	}
	return []string{"applied"}, false
}

// messageStep returns the step of a message: "the customer wrote message 12 (80 characters)", and what was decided about it and why.
func (t *teller) messageStep(m store.Message) Step {
	s := Step{At: m.CreatedAt, Kind: StepSaid, Message: m.ID, Event: m.EventID}
	if m.Automatic != "" {
		s.Detail = append(s.Detail, "automatic: "+codeWords(m.Automatic))
	}

	size := countCharacters(m.Text)
	if len(m.Files) > 0 {
		size += ", " + count(len(m.Files), "file")
	}
	s.Text = fmt.Sprintf("%s wrote message %d (%s)", t.authorOf(m), m.ID, size)

	decision, isBad := fateWords(m.Fate)
	s.Bad = isBad
	if m.Reason != "" {
		decision += ", because: " + codeWords(string(m.Reason))
	}
	s.Detail = append(s.Detail, decision)
	return s
}

// authorOf says who wrote a message.
func (t *teller) authorOf(m store.Message) string {
	switch {
	case m.Automatic != "":
		return "a machine"
	case m.Direction == store.DirectionIn:
		return "the customer"
	case m.AgentID != nil:
		return t.agentNames([]store.AgentID{*m.AgentID})
	}
	return "somebody who isn't an agent"
}

// deliveryStep returns the step of a delivery: "reply of message 12 to mail: accepted", and its attempts and their errors.
func (t *teller) deliveryStep(d delivery) Step {
	s := Step{At: d.CreatedAt, Kind: StepDelivery, Message: d.MessageID, Delivery: d.ID}
	what := kindWords(d.Kind)
	if d.MessageID != 0 {
		what += fmt.Sprintf(" of message %d", d.MessageID)
	}

	s.Text = fmt.Sprintf("%s to %s: %s", what, d.Account, strings.ReplaceAll(string(d.State), "_", " "))
	switch d.State {
	case store.Failed, store.Unknown, store.NeedsDecision:
		s.Bad = true
	case store.Queued:
		s.Detail = append(s.Detail, t.waitWords(d))
	default: // the state says it all
	}

	if d.Attempt > 0 {
		s.Detail = append(s.Detail, "attempted "+timesWords(d.Attempt)+t.attemptWords(d))
	}
	if d.ErrorClass != "" || d.ErrorText != "" {
		isTriedAgain := d.State == store.Queued // after a failure
		s.Bad = s.Bad || isTriedAgain
		s.Detail = append(s.Detail, errorWords(d))
	}

	return s
}

// errorWords tells the last error of a delivery: its class, if it has one, and its text.
func errorWords(d delivery) string {
	if d.ErrorClass == "" {
		return d.ErrorText
	}
	return codeWords(d.ErrorClass) + ": " + d.ErrorText
}

// logStep returns the step of a log entry: "Ann: assigned Ben". Of texts that people typed (notes, names, addresses) it shows the
// length only.
func (t *teller) logStep(e store.LogEntry) Step {
	var d struct {
		Text    string          `json:"text"`
		Reason  string          `json:"reason"`
		Message store.MessageID `json:"message"`
		Agents  []store.AgentID `json:"agents"`
	}

	_ = json.Unmarshal(e.Detail, &d) // the detail's fields differ by kind of entry: those that are missing, or of another type, are left out
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
