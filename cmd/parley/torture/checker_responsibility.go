package torture

import (
	"slices"
	"strings"
)

// This file checks that no customer is forgotten:
//
//   - While a customer waits for a reply, the card (the first post of the thread, which shows the state of the
//     conversation) must name a responsible owner or team, such as "Ann Lee" or "Support".
//   - If a mail to the customer bounced, a line in the thread must report it.
//   - A snoozed conversation must wake up when the customer writes.

// checkResponsibility checks the card and the bounced replies of each thread.
func checkResponsibility(v *Verdict, observed Observation, expected Expectation) {
	ended := expected.History.endings()
	for _, t := range observed.Threads {
		if _, isEnded := ended[CustomerOf(t)]; isEnded {
			continue
		}
		checkBounces(v, &t)
		unanswered, isResolved := findUnanswered(&t)
		responsible := expected.ResponsibleFor(t.Root)
		if unanswered == (Marker{}) || responsible.isNamedOn(t.Card) {
			continue
		}
		if isResolved && IsResolved(t.Card) {
			v.ResolvedUnseen++
			continue
		}
		v.addViolation(&v.Forgotten, "the customer of %s waits, and of %s the card names nobody: %q", unanswered, responsible, t.Card)
	}
}

// checkBounces looks for bounced replies that no line of the thread reports.
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

// findUnanswered returns the customer's last message in a thread, or the zero Marker if somebody replied after it.
// isResolved reports whether somebody ever resolved the conversation.
func findUnanswered(t *Thread) (unanswered Marker, isResolved bool) {
	for _, p := range t.Posts {
		isResolved = isResolved || p.IsResolve
		for _, m := range p.Markers {
			if m.Kind == Inbound && p.isFromCustomer() {
				unanswered = m
			}
			if m.Kind == Outbound && p.Author != "" {
				unanswered = Marker{}
			}
		}
	}
	return unanswered, isResolved
}

// ResponsibleFor returns the owners and teams of which the card of a thread must name one while the customer waits.
func (e Expectation) ResponsibleFor(root string) Responsible {
	r := e.History.ResponsibleFor(root, e.LateEvents)
	r.OwnerAllowed = r.OwnerAllowed || e.ActedIn[root]
	return r
}

// AgentNames returns the agents of a run as they appear on cards.
func AgentNames() []string { return []string{"Ann Lee", "Ben Katz"} }

// isNamedOn reports whether a card names an owner, if one is allowed, or else one of the teams and no owner. The card of
// a resolved conversation names neither.
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

// checkSnoozes looks for conversations that are still snoozed although the customer wrote to them since.
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
