package checker

import (
	"slices"
	"strings"
)

// checkEditAfterArrival looks for the new text of a reply that the customer had already. It reaches the customer only if somebody clicks,
// which nobody in a run does, and a line in the thread says so.
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
