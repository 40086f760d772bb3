package torture

import "slices"

// This file checks what customers received in a test run. Each reply that an agent typed in a customer's chat thread
// must have reached that customer once and in order. Internal notes, replies to other customers, and replies deleted
// during their hold (the time for which Parley keeps a new reply back) must not have arrived.
//
// Messages are recognised by their markers, such as "outbound-c017-5": reply 5 to customer 17.

// checkMailbox compares what a customer received with the replies that were typed for that customer. Duplicates are
// allowed as far as the agent clicked "send again".
func checkMailbox(v *Verdict, mailbox Mailbox, replies postedReplies, expected Expectation) {
	received := collectReceived(v, mailbox, expected.Excused)
	copies := map[Marker]int{}
	for _, m := range received {
		copies[m]++
	}

	for _, m := range replies.inOrder {
		n := copies[m]
		if n > 1+expected.Clicks[m].Resends {
			v.addViolation(&v.Doubled, "%s reached the customer %d times", m, n)
		}
		if n > 0 {
			continue
		}

		if replies.eventLost[m] {
			v.EventsLost++
		} else {
			v.addViolation(&v.Lost, "%s was typed and reached nobody", m)
		}
	}

	for m := range copies {
		if !slices.Contains(replies.inOrder, m) {
			v.addViolation(&v.Leaked, "%s reached the customer and is in no thread of the conversation", m)
		}
	}

	checkOrder(v, received, replies.inOrder, expected)
}

// collectReceived returns the replies that a customer received, in the order of arrival, with one entry for each message
// that contains a reply. It reports everything that must not have reached the customer.
func collectReceived(v *Verdict, mailbox Mailbox, excused map[Marker]bool) []Marker {
	var received []Marker
	for _, message := range mailbox.Received {
		for _, m := range Distinct(message.Markers) {
			isOwn := m.Conversation == mailbox.Conversation
			switch {
			case m.Kind == Internal:
				v.addViolation(&v.Leaked, "%s is internal and reached customer %d", m, mailbox.Conversation)
			case m.Kind == Deleted && excused[m]:
				v.ExcusedChanges++
			case m.Kind == Deleted:
				v.addViolation(&v.ReceivedDeleted, "%s was deleted during the hold and reached the customer", m)
			case !isOwn:
				v.addViolation(&v.Leaked, "%s reached customer %d", m, mailbox.Conversation)
			case m.Kind == Outbound:
				if n := Count(message.Markers, m); n > 1 {
					v.addViolation(&v.Doubled, "%s appears %d times in one message to the customer", m, n)
				}
				received = append(received, m)
			}
		}
	}
	return received
}

// checkOrder checks that replies arrived in the order in which they were typed. Only the first copy of a reply counts.
// A copy that was sent by a click may arrive late, but not before what was typed before it, nor after what a later click
// sent: with n clicks, these are the last n copies.
func checkOrder(v *Verdict, received, typed []Marker, expected Expectation) {
	copies := map[Marker]int{}
	for _, m := range received {
		copies[m]++
	}

	seen := map[Marker]int{}
	last := -1 // the highest position in typed of the replies that arrived so far
	isLastByClick := false
	for _, m := range received {
		seen[m]++
		position := slices.Index(typed, m)
		isFurtherCopy := seen[m] > 1
		isSentByClick := seen[m] > copies[m]-expected.Clicks[m].Sends
		if position < 0 || isFurtherCopy {
			continue
		}
		if position >= last {
			last, isLastByClick = position, isSentByClick
			continue
		}

		overtaker := typed[last]
		switch {
		case isSentByClick && !(isLastByClick && expected.wasClickedBefore(m, overtaker)):
		case expected.mayBeOvertaken(m, overtaker):
			v.Excused++
		default:
			v.addViolation(&v.Reordered, "%s reached the customer after %s", m, overtaker)
		}
	}
}
