package checker

import "slices"

// This file checks what customers received. Each reply that stands in a customer's thread must have arrived once and
// in order. Internal messages, replies deleted during their hold, and replies to other customers must not have
// arrived.

// checkMailbox compares what a customer received with the replies that were typed for that customer.
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
			v.addViolation(&v.Leaked, "%s reached the customer and stands in no thread of the conversation", m)
		}
	}

	checkOrder(v, received, replies.inOrder, expected)
}

// collectReceived returns the replies that a customer received, in the order of their arrival, one entry for
// each message that has them. What must not have reached the customer is a violation.
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
					v.addViolation(&v.Doubled, "%s stands %d times in one message to the customer", m, n)
				}
				received = append(received, m)
			}
		}
	}
	return received
}

// checkOrder compares the order in which replies were received with that in which they were typed. Each click that
// may have sent a reply excuses the place of one copy, the last ones first. Of the other copies only the first
// counts.
func checkOrder(v *Verdict, received, typed []Marker, expected Expectation) {
	copies := map[Marker]int{}
	for _, m := range received {
		copies[m]++
	}

	seen := map[Marker]int{}
	last := -1
	for _, m := range received {
		seen[m]++
		place := slices.Index(typed, m)
		isFurtherCopy := seen[m] > 1
		isSentByClick := seen[m] > copies[m]-expected.Clicks[m].Sends
		if place < 0 || isFurtherCopy || isSentByClick {
			continue
		}
		if place >= last {
			last = place
			continue
		}
		if expected.Excused[m] {
			v.Excused++
			continue
		}

		v.addViolation(&v.Reordered, "%s reached the customer after %s", m, typed[last])
	}
}
