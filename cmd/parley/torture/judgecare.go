package torture

import (
	"slices"
	"strings"
)

// judgeCare looks at each thread as the people of the team do: does the thread say what failed,
// and does its card name somebody for the customer who waits?
func judgeCare(v *Verdict, w world, said testimony) {
	for _, t := range w.Threads {
		judgeBacks(v, &t)
		waits, resolved := waiting(&t)
		k := said.keepersOf(t.Root)
		switch {
		case waits == (mark{}) || k.named(t.Card):
		case resolved && isResolved(t.Card):
			v.Unseen++
		default:
			v.find(&v.Forgotten, "the customer of %s waits, and of %s the card names nobody: %q", waits, k, t.Card)
		}
	}
}

// judgeBacks looks for replies that came back and of which the thread says nothing.
func judgeBacks(v *Verdict, t *thread) {
	for _, p := range t.Posts {
		for _, m := range distinct(p.Marks) {
			if m.Kind != back || p.User == "" {
				continue
			}
			v.Backs++
			switch {
			case t.tells(m):
			case p.Untold:
				v.Untold++
			default:
				v.find(&v.Lost, "%s came back and its author was not told", m)
			}
		}
	}
}

// waiting gives the customer's last words in a thread, unless somebody replied after them, and
// whether somebody resolved the conversation.
func waiting(t *thread) (waits mark, resolved bool) {
	for _, p := range t.Posts {
		resolved = resolved || p.Resolve
		for _, m := range p.Marks {
			switch {
			case m.Kind == said && p.Name != "" && p.User == "":
				waits = m
			case m.Kind == out && p.User != "":
				waits = mark{}
			}
		}
	}
	return waits, resolved
}

// keepersOf gives the owners and teams of which the card of a thread must name one.
func (t testimony) keepersOf(root string) keepers {
	k := t.Said.keepersOf(root, t.Late)
	k.Owner = k.Owner || t.Answered[root]
	return k
}

// agentNames are the agents of a run, as cards name them.
func agentNames() []string { return []string{"Ann Lee", "Ben Katz"} }

// named says whether the card of an open conversation names an owner, if it may have one,
// or else the right team alone. The card of a resolved conversation names neither.
func (k keepers) named(card string) bool {
	contains := func(name string) bool { return strings.Contains(card, name) }
	if slices.ContainsFunc(agentNames(), contains) {
		return k.Owner
	}
	return slices.ContainsFunc(k.Teams, contains)
}

func (k keepers) String() string {
	list := k.Teams
	if k.Owner {
		list = append(agentNames(), list...)
	}
	return strings.Join(list, ", ")
}

func isResolved(card string) bool { return strings.Contains(card, "Resolved") }
