package judge

import (
	"cmp"
	"slices"
)

// Decide compares what was said with what arrived.
func Decide(w World, t Testimony) Verdict {
	var v Verdict
	judgeLedger(&v, w, t)
	judgeTokens(&v, w)
	judgeThreads(&v, w, t.Excused)
	judgeNotes(&v, w)
	judgeCare(&v, w, t)
	replies, untold := map[int][]Mark{}, map[Mark]bool{}
	for _, th := range w.Threads {
		for _, p := range th.Posts {
			if p.User == "" {
				continue
			}

			for _, m := range Distinct(p.Marks) {
				switch m.Kind {
				case Inside:
					v.Inside++
				case Out:
					v.Replies++
					replies[m.Conv] = append(replies[m.Conv], m)
					untold[m] = untold[m] || p.Untold
				}
			}
		}
	}

	for _, b := range w.Boxes {
		judgeBox(&v, b, replies[b.Conv], untold, t)
	}

	return v
}

// judgeThreads looks for each mail, once, in the one thread of its conversation.
func judgeThreads(v *Verdict, w World, excused map[Mark]bool) {
	home, shown := map[int]string{}, map[Mark]int{}
	allowed := countMarkedCopies(w)
	for _, t := range w.Threads {
		owner, last := 0, 0
		for _, p := range t.Posts {
			if !p.isCustomers() {
				continue
			}

			for _, m := range Distinct(p.Marks) {
				if m.Kind != Said {
					continue
				}
				if n := Count(p.Marks, m); n > 1 {
					v.find(&v.Doubled, "%s stands %d times in the post %s", m, n, p.TS)
				}

				if shown[m]++; shown[m] > 1+allowed[m] {
					v.find(&v.Doubled, "%s is shown %d times, now at %s", m, shown[m], p.TS)
				} else if shown[m] > 1 {
					v.Twice++
				}

				if shown[m] > 1 {
					continue
				}

				owner = cmp.Or(owner, m.Conv)
				if owner != m.Conv {
					v.find(&v.Leaked, "%s of customer %d stands in the thread of customer %d", m, m.Conv, owner)
				}

				isLate := m.N <= last
				if isLate && excused[m] {
					v.Excused++
				} else if isLate {
					v.find(&v.Reordered, "%s stands after number %d in its thread", m, last)
				}

				last = m.N

				if home[m.Conv] == "" {
					home[m.Conv] = t.Root
				} else if home[m.Conv] != t.Root {
					v.find(&v.Scattered, "%s stands in the thread %s, not in %s", m, t.Root, home[m.Conv])
				}
			}
		}
	}

	judgeWritten(v, w, shown)
}

// judgeWritten looks for mails that stand in no thread.
func judgeWritten(v *Verdict, w World, shown map[Mark]int) {
	for _, b := range w.Boxes {
		for range b.Waiting {
			v.find(&v.Lost, "the phone of customer %d still sends", b.Conv)
		}
		for _, m := range b.Wrote {
			v.Mails++
			if shown[m] == 0 {
				v.find(&v.Lost, "%s was mailed and stands in no thread", m)
			}
		}
	}
}

// countMarkedCopies counts for each mark the posts that say of themselves that they may be a second copy.
// Each of them excuses one copy.
func countMarkedCopies(w World) map[Mark]int {
	marked := map[Mark]int{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range Distinct(p.Marks) {
				if p.Again && p.Name != "" {
					marked[m]++
				}
			}
		}
	}
	return marked
}

// judgeTokens looks for deliveries that made more than one post.
func judgeTokens(v *Verdict, w World) {
	posts, marked := map[string][]string{}, map[string]int{} // by token: the posts; how many of them say that they may be copies
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			if p.Token == "" {
				continue
			}

			posts[p.Token] = append(posts[p.Token], p.TS)
			if p.Again {
				marked[p.Token]++
			}
		}
	}

	for token, list := range posts {
		excused := min(len(list)-1, marked[token])
		v.Twice += excused
		for _, ts := range list[1+excused:] {
			v.find(&v.Doubled, "the posts %s and %s come from one delivery", list[0], ts)
		}
	}
}

// judgeBox checks what a customer received against what was to reach him.
func judgeBox(v *Verdict, b Box, replies []Mark, untold map[Mark]bool, t Testimony) {
	copies := map[Mark]int{}
	var order []Mark // in which the copies arrived
	for _, l := range b.Inbox {
		for _, m := range Distinct(l.Marks) {
			switch m.Kind {
			case Inside:
				v.find(&v.Leaked, "%s was typed for inside and reached customer %d", m, b.Conv)
				continue
			case Gone:
				if t.Excused[m] {
					v.Excused++
				} else {
					v.find(&v.Late, "%s was deleted during the hold and reached the customer", m)
				}

				continue
			}

			if m.Conv != b.Conv {
				v.find(&v.Leaked, "%s reached customer %d", m, b.Conv)
				continue
			}

			if m.Kind == Out {
				if n := Count(l.Marks, m); n > 1 {
					v.find(&v.Doubled, "%s stands %d times in one message to the customer", m, n)
				}
				copies[m]++
				order = append(order, m)
			}
		}
	}

	for _, m := range replies {
		n := copies[m]
		if n > 1+t.Clicks[m].Again {
			v.find(&v.Doubled, "%s reached the customer %d times", m, n)
		}
		if n > 0 {
			continue
		}

		if untold[m] {
			v.Untold++
		} else {
			v.find(&v.Lost, "%s was typed and reached nobody", m)
		}
	}

	for m := range copies {
		if !slices.Contains(replies, m) {
			v.find(&v.Leaked, "%s reached the customer and stands in no thread of his", m)
		}
	}

	judgeOrder(v, order, replies, copies, t)
}

// judgeOrder compares the order in which copies arrived with that in which replies were typed.
// Each click that may have sent a reply excuses the place of one copy, the last ones first. Of the
// other copies only the first counts.
func judgeOrder(v *Verdict, order, replies []Mark, copies map[Mark]int, t Testimony) {
	seen := map[Mark]int{}
	last := -1
	for _, m := range order {
		seen[m]++
		place := slices.Index(replies, m)
		mayStandAnywhere := seen[m] > 1 || seen[m] > copies[m]-t.Clicks[m].Sent
		if place < 0 || mayStandAnywhere {
			continue
		}
		if place >= last {
			last = place
			continue
		}
		if t.Excused[m] {
			v.Excused++
			continue
		}

		v.find(&v.Reordered, "%s reached the customer after %s", m, replies[last])
	}
}
