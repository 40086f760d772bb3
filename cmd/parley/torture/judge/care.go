package judge

import (
	"slices"
	"strings"
)

// judgeCare looks at each thread as the people of the team do: does the thread say what failed,
// and does its card name somebody for the customer who waits?
func judgeCare(v *Verdict, w World, said Testimony) {
	for _, t := range w.Threads {
		judgeBacks(v, &t)
		waits, resolved := findWaiting(&t)
		k := said.KeepersOf(t.Root)
		if waits == (Mark{}) || k.isNamedOn(t.Card) {
			continue
		}
		if resolved && IsResolved(t.Card) {
			v.Unseen++
			continue
		}
		v.find(&v.Forgotten, "the customer of %s waits, and of %s the card names nobody: %q", waits, k, t.Card)
	}
}

// judgeBacks looks for replies that came back and of which the thread says nothing.
func judgeBacks(v *Verdict, t *Thread) {
	for _, p := range t.Posts {
		for _, m := range Distinct(p.Marks) {
			if m.Kind != Back || p.User == "" {
				continue
			}

			v.Backs++

			if t.hasLineAbout(m) {
				continue
			}
			if p.Untold {
				v.Untold++
				continue
			}

			v.find(&v.Lost, "%s came back and its author was not told", m)
		}
	}
}

// findWaiting returns the customer's last words in a thread, unless somebody replied after them, and
// whether somebody resolved the conversation.
func findWaiting(t *Thread) (waits Mark, resolved bool) {
	for _, p := range t.Posts {
		resolved = resolved || p.Resolve
		for _, m := range p.Marks {
			if m.Kind == Said && p.isCustomers() {
				waits = m
			}
			if m.Kind == Out && p.User != "" {
				waits = Mark{}
			}
		}
	}
	return waits, resolved
}

// KeepersOf returns the owners and teams of which the card of a thread must name one.
func (t Testimony) KeepersOf(root string) Keepers {
	k := t.Said.KeepersOf(root, t.Late)
	k.Owner = k.Owner || t.Answered[root]
	return k
}

// AgentNames are the agents of a run, as cards name them.
func AgentNames() []string { return []string{"Ann Lee", "Ben Katz"} }

// isNamedOn reports whether the card of an open conversation names an owner, if it may have one,
// or otherwise the right team and no owner. The card of a resolved conversation names neither.
func (k Keepers) isNamedOn(card string) bool {
	contains := func(name string) bool { return strings.Contains(card, name) }
	if slices.ContainsFunc(AgentNames(), contains) {
		return k.Owner
	}
	return slices.ContainsFunc(k.Teams, contains)
}

func (k Keepers) String() string {
	list := k.Teams
	if k.Owner {
		list = append(AgentNames(), list...)
	}
	return strings.Join(list, ", ")
}

// IsResolved reports whether a card shows a resolved conversation.
func IsResolved(card string) bool { return strings.Contains(card, "Resolved") }
