package checker

import (
	"slices"
	"strings"
)

// A customer who waits must not be forgotten: the card, the first message of the thread, must name an owner or a team
// that is responsible. A reply that came back by mail must be reported to its author in the thread. This file checks
// both.

// checkResponsibility looks at each thread as the people of the team do: does the thread say which replies
// bounced, and does its card name somebody who is responsible for a customer who waits?
func checkResponsibility(v *Verdict, observed Observation, expected Expectation) {
	for _, t := range observed.Threads {
		checkBounces(v, &t)
		waits, isResolved := findWaiting(&t)
		responsible := expected.ResponsibleFor(t.Root)
		if waits == (Marker{}) || responsible.isNamedOn(t.Card) {
			continue
		}
		if isResolved && IsResolved(t.Card) {
			v.ResolvedUnseen++
			continue
		}
		v.addViolation(&v.Forgotten, "the customer of %s waits, and of %s the card names nobody: %q", waits, responsible, t.Card)
	}
}

// checkBounces looks for replies that bounced and of which the thread says nothing.
func checkBounces(v *Verdict, t *Thread) {
	for _, p := range t.Posts {
		for _, m := range Distinct(p.Markers) {
			if m.Kind != Bounced || p.Author == "" {
				continue
			}

			v.Bounced++

			if t.hasLineAbout(m) {
				continue
			}
			if p.EventLost {
				v.EventsLost++
				continue
			}

			v.addViolation(&v.Lost, "%s bounced and its author was not told", m)
		}
	}
}

// findWaiting returns the customer's last message in a thread, or the zero Marker if somebody replied after it.
// isResolved tells whether somebody resolved the conversation.
func findWaiting(t *Thread) (waits Marker, isResolved bool) {
	for _, p := range t.Posts {
		isResolved = isResolved || p.IsResolve
		for _, m := range p.Markers {
			if m.Kind == Inbound && p.isFromCustomer() {
				waits = m
			}
			if m.Kind == Outbound && p.Author != "" {
				waits = Marker{}
			}
		}
	}
	return waits, isResolved
}

// ResponsibleFor returns the owners and teams of which the card of a thread must name one.
func (e Expectation) ResponsibleFor(root string) Responsible {
	r := e.History.ResponsibleFor(root, e.LateEvents)
	r.OwnerAllowed = r.OwnerAllowed || e.ActedIn[root]
	return r
}

// AgentNames returns the agents of a run, as cards name them.
func AgentNames() []string { return []string{"Ann Lee", "Ben Katz"} }

// isNamedOn reports whether the card of an open conversation names an owner, if it may have one, or otherwise
// one of the teams and no owner. The card of a resolved conversation names neither.
func (r Responsible) isNamedOn(card string) bool {
	contains := func(name string) bool { return strings.Contains(card, name) }
	if slices.ContainsFunc(AgentNames(), contains) {
		return r.OwnerAllowed
	}
	return slices.ContainsFunc(r.Teams, contains)
}

func (r Responsible) String() string {
	list := r.Teams
	if r.OwnerAllowed {
		list = append(AgentNames(), list...)
	}
	return strings.Join(list, ", ")
}

// IsResolved reports whether a card shows a resolved conversation.
func IsResolved(card string) bool { return strings.Contains(card, "Resolved") }

// checkSnoozes looks for conversations that are still snoozed although the customer wrote when they were.
func checkSnoozes(v *Verdict, observed Observation, history History) {
	woken := map[int]Marker{}
	for _, op := range history {
		if op.WhileSnoozed {
			woken[op.Conversation] = op.Marker
		}
	}
	for _, t := range observed.Threads {
		if m := woken[CustomerOf(t)]; m != (Marker{}) && IsSnoozed(t.Card) {
			v.addViolation(&v.Forgotten, "%s was written to a snoozed conversation, which is still snoozed: %q", m, t.Card)
		}
	}
}

// IsSnoozed reports whether a card shows a snoozed conversation.
func IsSnoozed(card string) bool { return strings.Contains(card, "Snoozed until") }
