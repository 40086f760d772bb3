package operate

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/store"
)

// This file formats the steps of a Journey, the history of a conversation that `parley explain` prints. There is a function
// for each kind of step: an event that arrived (one thing that a provider reported, such as a new mail), a message, a
// delivery of a message to one place, and a log entry. Steps show neither the text of messages nor secrets.

// arrivalStep returns the step of an event that arrived: "event 7 arrived from mail (2 kB)". Its time is that of the first
// thing that the event caused, which sorting puts after it. If it caused nothing, its time is when it was received.
func (b *builder) arrivalStep(e event) Step {
	s := Step{At: b.toParleysClock(e.ReceivedAt), Kind: StepArrived, Event: e.ID,
		Text: fmt.Sprintf("event %d arrived from %s (%s)", e.ID, e.Account, sizeWords(e.SizeBytes))}
	if first, ok := b.caused[e.ID]; ok {
		s.At = first
	}

	words, isBad := b.stateOfEvent(e)
	s.Bad = isBad
	s.Detail = append([]string{"fact " + shorten(e.ExternalID)}, words...)
	return s
}

// stateOfEvent describes whether an event is in quarantine, in a queue, or applied. isBad means that a person should look
// at it.
func (b *builder) stateOfEvent(e event) (words []string, isBad bool) {
	if e.Reason != nil {
		advice := fmt.Sprintf("to try it again: parley replay %d", e.ID)
		if e.Erased {
			advice = "its payload is no longer kept: it can't be tried again"
		}
		return []string{"quarantined: " + *e.Reason, advice}, true
	}

	isQueued := e.Tries != nil
	if isQueued && *e.Tries > 0 {
		return []string{"not applied yet, tried " + timesWords(*e.Tries) + b.retryWords(e.WaitsUntil)}, true
	}
	if isQueued {
		return []string{"not applied yet" + b.retryWords(e.WaitsUntil)}, false
	}
	if e.Erased {
		return []string{"applied; its payload is no longer kept"}, false
	}
	return []string{"applied"}, false
}

// messageStep returns the step of a message: "the customer wrote message 12 (80 characters)". Its details are what was
// decided about the message, and why.
func (b *builder) messageStep(m store.Message) Step {
	s := Step{At: m.CreatedAt, Kind: StepSaid, Message: m.ID, Event: m.EventID}
	if m.Automatic != "" {
		s.Detail = append(s.Detail, "automatic: "+codeWords(m.Automatic))
	}

	size := countCharacters(m.Text)
	if len(m.Files) > 0 {
		size += ", " + count(len(m.Files), "file")
	}
	s.Text = fmt.Sprintf("%s wrote message %d (%s)", b.authorOf(m), m.ID, size)

	decision, isBad := fateWords(m.Fate)
	s.Bad = isBad
	if m.Reason != "" {
		decision += ", because: " + codeWords(string(m.Reason))
	}
	s.Detail = append(s.Detail, decision)
	return s
}

// authorOf describes the author of a message.
func (b *builder) authorOf(m store.Message) string {
	switch {
	case m.Automatic != "":
		return "a machine"
	case m.Direction == store.DirectionIn:
		return "the customer"
	case m.AgentID != nil:
		return b.agentNames([]store.AgentID{*m.AgentID})
	}
	return "somebody who isn't an agent"
}

// deliveryStep returns the step of a delivery: "reply of message 12 to mail: accepted". Its details are what it waits for,
// its attempts, and the last error.
func (b *builder) deliveryStep(d delivery) Step {
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
		s.Detail = append(s.Detail, b.waitWords(d))
	default: // the state needs no explanation
	}

	if d.Attempt > 0 {
		s.Detail = append(s.Detail, "attempted "+timesWords(d.Attempt)+b.attemptWords(d))
	}
	if d.ErrorClass != "" || d.ErrorText != "" {
		willRetry := d.State == store.Queued
		s.Bad = s.Bad || willRetry
		s.Detail = append(s.Detail, errorWords(d))
	}

	return s
}

// errorWords describes the last error of a delivery by its class, if it has one, and its text.
func errorWords(d delivery) string {
	if d.ErrorClass == "" {
		return d.ErrorText
	}
	return codeWords(d.ErrorClass) + ": " + d.ErrorText
}

// logStep returns the step of a log entry: "Ann: assigned Ben". Of a text that a person typed, such as a note, a name or an
// address, it shows only the length.
func (b *builder) logStep(e store.LogEntry) Step {
	var d struct {
		Text    string          `json:"text"`
		Reason  string          `json:"reason"`
		Message store.MessageID `json:"message"`
		Agents  []store.AgentID `json:"agents"`
	}

	_ = json.Unmarshal(e.Detail, &d) // fields differ by the kind of entry: missing ones, and those of another type, stay empty
	s := Step{At: e.At, Kind: StepDone, Event: e.EventID, Message: d.Message, Text: b.actorOf(e) + ": " + string(e.What)}
	if len(d.Agents) > 0 {
		s.Text += " " + b.agentNames(d.Agents)
	}

	switch {
	case d.Text == "":
	case isSafeText(e.What):
		s.Text += " " + d.Text
	default:
		s.Text += " (" + countCharacters(d.Text) + ")"
	}

	if d.Reason != "" {
		s.Detail = append(s.Detail, "because: "+codeWords(d.Reason))
	}
	return s
}

// actorOf describes who did what a log entry records.
func (b *builder) actorOf(e store.LogEntry) string {
	switch {
	case e.AgentID != nil:
		return b.agentNames([]store.AgentID{*e.AgentID})
	case e.Actor == store.ByCustomer:
		return "the customer"
	}
	return "Parley"
}
