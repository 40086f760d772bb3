package torture

// Check decides whether Parley, a bridge between customers' mail and agents' chat, worked correctly in a test run with
// injected faults. It compares what people saw in the end (observed) with what they had written and done (expected).
//
// Each message of a run contains a marker, such as "outbound-c017-5": text 5 of conversation 17, a reply. If an agent
// typed that reply, the mailbox of customer 17 must have it once. A missing one counts as Lost in the verdict, and a
// second one as Doubled, unless an injected fault excuses it.
func Check(observed Observation, expected Expectation) Verdict {
	var v Verdict
	checkHistory(&v, observed, expected)
	checkDeliveries(&v, observed)
	checkThreads(&v, observed, expected)
	checkEndings(&v, observed, expected.History)
	if expected.HasEnds {
		checkEnds(&v, observed)
	}
	checkLines(&v, observed, expected.Clicks)
	checkRecipients(&v, observed)
	checkFiles(&v, observed, expected.History)
	checkResponsibility(&v, observed, expected)
	checkSnoozes(&v, observed, expected.History)
	replies := collectReplies(&v, observed, expected.History)
	for _, b := range observed.Mailboxes {
		checkMailbox(&v, b, replies[b.Conversation], expected)
	}
	return v
}

// postedReplies are the replies that agents typed in the threads of one conversation.
type postedReplies struct {
	inOrder   []Marker
	eventLost map[Marker]bool // replies of which the chat platform gave up notifying Parley
}

// collectReplies returns the replies of each conversation. In v it counts replies and internal messages.
func collectReplies(v *Verdict, observed Observation, history History) map[int]postedReplies {
	replies := map[int]postedReplies{}
	for _, t := range observed.Threads {
		for _, p := range history.withDeletedPosts(&t) {
			if p.Author == "" {
				continue
			}
			for _, m := range Distinct(p.Markers) {
				switch m.Kind {
				case Internal:
					v.Internal++
				case Outbound:
					v.Replies++
					replies[m.Conversation] = replies[m.Conversation].with(m, p.EventLost)
				}
			}
		}
	}
	return replies
}

// with returns r with one more reply. If several posts contain the reply, one lost event is enough for eventLost.
func (r postedReplies) with(reply Marker, isEventLost bool) postedReplies {
	r.inOrder = append(r.inOrder, reply)
	if r.eventLost == nil {
		r.eventLost = map[Marker]bool{}
	}
	if isEventLost {
		r.eventLost[reply] = true
	}
	return r
}

// checkDeliveries looks for deliveries (queued posts, each with a token) that were posted more than once. After a lost
// response Parley may post again if it labels the new post as a possible copy: these posts are excused.
func checkDeliveries(v *Verdict, observed Observation) {
	posts := map[string][]string{} // by token: the ids of the posts
	marked := map[string]int{}     // by token: the number of posts labelled as possible copies
	for _, p := range observed.posts() {
		if p.Token == "" {
			continue
		}
		posts[p.Token] = append(posts[p.Token], p.ID)
		if p.MaybeCopy {
			marked[p.Token]++
		}
	}

	for token, ids := range posts {
		excused := min(len(ids)-1, marked[token])
		v.MarkedCopies += excused
		for _, id := range ids[1+excused:] {
			v.addViolation(&v.Doubled, "the posts %s and %s come from one delivery", ids[0], id)
		}
	}
}
