package checker

// Check decides whether Parley worked correctly in a run. It compares what people saw in the end (observed) with what
// they had written and done (expected), and counts the violations of each invariant, such as a reply that reached
// nobody.
func Check(observed Observation, expected Expectation) Verdict {
	var v Verdict
	checkHistory(&v, observed, expected)
	checkDeliveries(&v, observed)
	checkThreads(&v, observed, expected.Excused)
	checkNotes(&v, observed)
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
	eventLost map[Marker]bool // those of which the platform gave up telling Parley
}

// collectReplies returns the replies of each conversation, and counts replies and internal messages.
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

// with adds a reply. A reply that stands in several posts counts as told only if each of them was.
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

// checkDeliveries looks for deliveries that made more than one post. Each further post that says that it may
// be a copy is excused.
func checkDeliveries(v *Verdict, observed Observation) {
	posts := map[string][]string{} // by token: the ids of the posts
	marked := map[string]int{}     // by token: how many of the posts say that they may be copies
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
