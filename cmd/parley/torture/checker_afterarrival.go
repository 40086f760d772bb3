package torture

import "slices"

// Agents sometimes edit or delete a reply that the customer has already. Parley can't take it back then; it must say
// so by a line in the thread. This file checks that.

// checkEditAfterArrival looks for the new text of a reply that was edited when the customer had it. A line in the
// thread must say so. The new text reaches the customer only if somebody clicks, which nobody in a run does.
func checkEditAfterArrival(v *Verdict, observed Observation, expected Expectation, thread *Thread, op Operation) {
	if observed.HasReached(op.Marker) {
		v.addViolation(&v.Leaked, "%s reached the customer, who had the reply before, without a click", op.Marker)
		return
	}
	original := expected.History.findOriginal(op.ID)
	if thread.hasLineAbout(op.Marker) || thread.hasLineAbout(original) {
		return
	}
	if expected.LostEvents[op.ID] {
		v.EventsLost++
		return
	}
	v.addViolation(&v.Lost, "%s was edited into %s when the customer had it, and no line says so", original, op.Marker)
}

// withDeletedPosts returns the posts of a thread and, at their old places, two kinds of deleted ones:
//   - notes,
//   - replies that the customer had already: each must be there once, and in order, like any other reply.
func (h History) withDeletedPosts(t *Thread) []Post {
	posts := t.Posts
	for _, op := range h {
		if op.Kind != OpDelete || op.Root != t.Root {
			continue
		}
		m := h.findOriginal(op.ID)
		if !op.Arrived && m.Kind != Internal {
			continue
		}
		place := slices.IndexFunc(posts, func(p Post) bool { return p.ID > op.ID })
		if place < 0 {
			place = len(posts)
		}
		posts = slices.Insert(slices.Clone(posts), place, Post{ID: op.ID, Author: "who deleted it", Markers: []Marker{m}})
	}
	return posts
}
