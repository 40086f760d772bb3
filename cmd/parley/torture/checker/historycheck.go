package checker

import "slices"

// checkHistory compares what people did (the History, which the workload's driver recorded) with what the emulators
// show (the Observation). Each operation must have left its trace: a message that a customer wrote is in the
// customer's mailbox, one that an agent typed is in its thread. It also looks for messages that are shown and that
// nobody wrote.
func checkHistory(v *Verdict, observed Observation, expected Expectation) {
	history := expected.History
	if len(history) == 0 {
		v.addViolation(&v.Unaccounted, "nobody said anything: such a run shows nothing")
	}

	deleted := history.listDeleted()
	for _, op := range history {
		switch op.Kind {
		case OpWrite:
			checkWritten(v, observed, op)
		case OpPost:
			checkPosted(v, observed, op, deleted[op.ID])
		case OpEdit:
			v.Edits++
			checkEdit(v, observed, expected, op)
		case OpDelete:
			v.Deletes++
			checkDelete(v, observed, expected, op)
		case OpResolve, OpHandOver, OpUnassign, OpSnooze:
			v.Commands++
			checkCommand(v, observed, op)
		}
	}

	checkUnknownMarkers(v, observed, history.listMarkers())
}

// checkWritten looks for a customer's message in the customer's own mailbox or phone.
func checkWritten(v *Verdict, observed Observation, op Operation) {
	shows := func(b Mailbox) bool { return b.Conversation == op.Conversation && slices.Contains(b.Sent, op.Marker) }
	if !slices.ContainsFunc(observed.Mailboxes, shows) {
		v.addViolation(&v.Unaccounted, "%s was written, and the customer's mailbox or phone doesn't show it", op.Marker)
	}
}

// checkPosted looks for a teammate's message in its thread, from which it must be gone if it was deleted.
func checkPosted(v *Verdict, observed Observation, op Operation, isDeleted bool) {
	thread, post := observed.findPost(op.ID)
	if isDeleted {
		if post != nil {
			v.addViolation(&v.Unaccounted, "%s was deleted and still stands at %s", op.Marker, op.ID)
		}
		return
	}
	isInThread := post != nil && thread.Root == op.Root
	if !isInThread || !slices.Contains(post.Markers, op.Marker) {
		v.addViolation(&v.Unaccounted, "%s was typed at %s, and its thread doesn't show it", op.Marker, op.ID)
	}
}

// checkCommand looks for a teammate's command in its thread.
func checkCommand(v *Verdict, observed Observation, op Operation) {
	thread, post := observed.findPost(op.ID)
	isShown := post != nil && thread.Root == op.Root
	if isShown && op.Kind == OpResolve {
		isShown = post.IsResolve
	}
	if !isShown {
		v.addViolation(&v.Unaccounted, "a conversation was %s by the message %s, and its thread doesn't show that", op.Kind, op.ID)
	}
}

// checkEdit looks for the new text of an edited reply: the customer has it and not the original, or a line in the thread
// quotes it. Two exceptions:
//   - If the reply may have left before Parley knew of its edit, the customer may have the original, and a line that quotes
//     the original is enough.
//   - If the reply bounced, such a line is enough, too.
func checkEdit(v *Verdict, observed Observation, expected Expectation, op Operation) {
	thread, post := observed.findPost(op.ID)
	original := expected.History.findOriginal(op.ID)

	if op.Marker.Kind == Internal && expected.History.listDeleted()[op.ID] {
		return // a note that was deleted since: checkPosted sees whether it is gone
	}
	if post == nil || !slices.Contains(post.Markers, op.Marker) {
		v.addViolation(&v.Unaccounted, "%s was edited into %s, and its thread doesn't show it", op.ID, op.Marker)
		return
	}
	if op.Marker.Kind == Internal { // a note: checkMailbox sees whether it leaves
		return
	}
	if op.Arrived {
		checkEditAfterArrival(v, observed, expected, thread, op)
		return
	}

	isLate := expected.LateEdits[op.ID]
	hasFormer := observed.hasReceivedFormer(original, op.Marker)
	if hasFormer && !isLate {
		v.addViolation(&v.ReceivedEdited,
			"%s was edited into %s during the hold and reached the customer as it was before", original, op.Marker)
		return
	}
	if hasFormer {
		v.ExcusedChanges++
	}

	mayQuoteOriginal := original.Kind == Bounced || hasFormer
	isOriginalQuoted := mayQuoteOriginal && thread.hasLineAbout(original)
	if observed.HasReached(op.Marker) || thread.hasLineAbout(op.Marker) || isOriginalQuoted {
		return
	}
	if expected.LostEvents[op.ID] || post.EventLost { // without the event of the reply, that of its edit doesn't show that it was one
		v.EventsLost++
		return
	}

	v.addViolation(&v.Lost, "%s changed %s: the customer doesn't have it, and no line says so", op.Marker, original)
}

// checkDelete looks for a line about a reply that reached the customer although it was deleted. Whether it may
// have reached the customer at all is checked by checkMailbox.
func checkDelete(v *Verdict, observed Observation, expected Expectation, op Operation) {
	m := expected.History.findOriginal(op.ID)
	hasLine := slices.ContainsFunc(observed.Threads, func(t Thread) bool { return t.Root == op.Root && t.hasLineAbout(m) })
	if hasLine || !observed.HasReached(m) {
		return
	}
	if expected.LostEvents[op.ID] {
		v.EventsLost++
		return
	}
	v.addViolation(&v.Lost, "%s reached the customer though it was deleted, and no line says so", m)
}

// checkUnknownMarkers looks for markers that stand somewhere and are not in said, which has those of all that was
// said.
func checkUnknownMarkers(v *Verdict, observed Observation, said map[Marker]bool) {
	seen := map[Marker]string{} // where each marker stands
	for _, p := range observed.posts() {
		for _, m := range p.Markers {
			seen[m] = "the post " + p.ID
		}
	}

	for _, b := range observed.Mailboxes {
		for _, m := range b.Sent {
			seen[m] = "what a customer wrote"
		}

		for _, message := range b.Received {
			for _, m := range message.Markers {
				seen[m] = "what a customer received, " + message.ID
			}
		}
	}

	for m, where := range seen {
		if !said[m] {
			v.addViolation(&v.Unaccounted, "nobody said %s, which stands in %s", m, where)
		}
	}
}
