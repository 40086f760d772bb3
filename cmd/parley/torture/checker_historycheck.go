package torture

import "slices"

// A torture run tests Parley by fault injection. During the run, customers and agents write messages, each with a marker,
// which is a unique word such as "outbound-c017-5". This file checks afterwards that each of their operations has left
// its trace. For example, an agent posted a reply in a thread: then the thread must show the reply's marker.
//
// Parley holds a reply back for some seconds before it sends it to the customer. During this hold, its author can still
// edit or delete it. Where Parley can't carry out an edit or a deletion, it must post a line in the thread that says so.

// checkHistory compares what people did (the History, recorded by the driver of the workload) with what the emulators of
// mail servers, phones and chats show (the Observation). It also reports messages that are shown although nobody wrote
// them. Each violation is added to a counter of v, such as v.Lost, and described.
func checkHistory(v *Verdict, observed Observation, expected Expectation) {
	history := expected.History
	if len(history) == 0 {
		v.addViolation(&v.Unaccounted, "nobody said anything: such a run proves nothing")
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
		case OpEnd: // checkEndings
		case OpResolve, OpHandOver, OpUnassign, OpSnooze, OpOrder:
			v.Commands++
			checkCommand(v, observed, op)
		}
	}

	checkUnknownMarkers(v, observed, history.listMarkers())
}

// checkWritten checks that a customer's message is in the customer's own mailbox or phone.
func checkWritten(v *Verdict, observed Observation, op Operation) {
	shows := func(b Mailbox) bool { return b.Conversation == op.Conversation && slices.Contains(b.Sent, op.Marker) }
	if !slices.ContainsFunc(observed.Mailboxes, shows) {
		v.addViolation(&v.Unaccounted, "%s was written, and the customer's mailbox or phone doesn't show it", op.Marker)
	}
}

// checkPosted checks that an agent's message is in its thread or, if it was deleted, that it is gone.
func checkPosted(v *Verdict, observed Observation, op Operation, isDeleted bool) {
	thread, post := observed.findPost(op.ID)
	if isDeleted {
		if post != nil {
			v.addViolation(&v.Unaccounted, "%s was deleted and is still shown at %s", op.Marker, op.ID)
		}
		return
	}
	isInThread := post != nil && thread.Root == op.Root
	if !isInThread || !slices.Contains(post.Markers, op.Marker) {
		v.addViolation(&v.Unaccounted, "%s was typed at %s, and its thread doesn't show it", op.Marker, op.ID)
	}
}

// checkCommand checks that an agent's command is in its thread.
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

// checkEdit checks that an edited message shows its new text in the thread, and for a reply also what the customer got.
func checkEdit(v *Verdict, observed Observation, expected Expectation, op Operation) {
	isNote := op.Marker.Kind == Internal // a message for colleagues
	if isNote && expected.History.listDeleted()[op.ID] {
		return // checkPosted checks that it is gone
	}

	thread, post := observed.findPost(op.ID)
	if post == nil || !slices.Contains(post.Markers, op.Marker) {
		v.addViolation(&v.Unaccounted, "%s was edited into %s, and its thread doesn't show it", op.ID, op.Marker)
		return
	}

	switch {
	case isNote: // checkMailbox checks that the customer didn't get it
	case op.Arrived:
		checkEditAfterArrival(v, observed, expected, thread, op)
	default:
		checkEditDuringHold(v, observed, expected, thread, post, op)
	}
}

// checkEditDuringHold checks the edit of a reply that the customer didn't have yet. The customer must get
// the new text, or a line in the thread must quote it. The customer must not get the original, unless it may have left
// before Parley was told of the edit.
func checkEditDuringHold(v *Verdict, observed Observation, expected Expectation, thread *Thread, post *Post, op Operation) {
	original := expected.History.findOriginal(op.ID)
	gotOriginal := observed.hasReceivedFormer(original, op.Marker)
	if gotOriginal && !expected.LateEdits[op.ID] {
		v.addViolation(&v.ReceivedEdited,
			"%s was edited into %s during the hold and reached the customer as it was before", original, op.Marker)
		return
	}
	if gotOriginal {
		v.ExcusedChanges++
	}

	// A line that quotes the original is enough if the original came back, or if the customer has it.
	mayQuoteOriginal := original.Kind == Bounced || gotOriginal
	isOriginalQuoted := mayQuoteOriginal && thread.hasLineAbout(original)
	if observed.HasReached(op.Marker) || thread.hasLineAbout(op.Marker) || isOriginalQuoted {
		return
	}

	// If Parley never got the event of the reply, it can't know from the event of the edit that the message is a reply.
	if expected.LostEvents[op.ID] || post.EventLost {
		v.EventsLost++
		return
	}

	v.addViolation(&v.Lost, "%s changed %s: the customer doesn't have it, and no line says so", op.Marker, original)
}

// checkDelete checks that a line in the thread says so if a reply reached the customer although it was deleted. It doesn't
// check whether the reply was allowed to reach the customer: checkMailbox does.
func checkDelete(v *Verdict, observed Observation, expected Expectation, op Operation) {
	reply := expected.History.findOriginal(op.ID)
	if !observed.HasReached(reply) {
		return
	}
	saysSo := func(t Thread) bool { return t.Root == op.Root && t.hasLineAbout(reply) }
	if slices.ContainsFunc(observed.Threads, saysSo) {
		return
	}
	if expected.LostEvents[op.ID] {
		v.EventsLost++
		return
	}
	v.addViolation(&v.Lost, "%s reached the customer though it was deleted, and no line says so", reply)
}

// checkUnknownMarkers reports markers that are shown somewhere but are not in known, the markers of all messages that
// people wrote.
func checkUnknownMarkers(v *Verdict, observed Observation, known map[Marker]bool) {
	for marker, location := range locateMarkers(observed) {
		if !known[marker] {
			v.addViolation(&v.Unaccounted, "nobody said %s, which is shown in %s", marker, location)
		}
	}
}

// locateMarkers returns, for each marker that is shown, a description of the last location where it was found.
func locateMarkers(observed Observation) map[Marker]string {
	locations := map[Marker]string{}
	for _, post := range observed.posts() {
		for _, marker := range post.Markers {
			locations[marker] = "the post " + post.ID
		}
	}

	for _, mailbox := range observed.Mailboxes {
		for _, marker := range mailbox.Sent {
			locations[marker] = "what a customer wrote"
		}
		for _, message := range mailbox.Received {
			for _, marker := range message.Markers {
				locations[marker] = "what a customer received, " + message.ID
			}
		}
	}

	return locations
}
