package checker

// This file checks what agents see. Each message of a customer must be shown once, in order, and in the one thread of
// the customer's conversation.

// checkThreads looks for each message of a customer: it must be shown once, in order, and in the one thread
// of its conversation. Of other conversations Parley shows nothing there.
func checkThreads(v *Verdict, observed Observation, excused map[Marker]bool) {
	c := threadChecker{
		verdict:       v,
		excused:       excused,
		allowedCopies: countMarkedCopies(observed),
		shown:         map[Marker]int{},
		home:          map[int]string{},
	}
	for _, t := range observed.Threads {
		c.checkThread(&t)
	}
	checkInboundShown(v, observed, c.shown)
}

// threadChecker follows customers' messages through the threads of a run.
type threadChecker struct {
	verdict       *Verdict
	excused       map[Marker]bool
	allowedCopies map[Marker]int
	shown         map[Marker]int // how often each message was shown so far
	home          map[int]string // by conversation: the root of the first thread that shows one of its messages
}

// checkThread checks what Parley posted in one thread.
func (c *threadChecker) checkThread(t *Thread) {
	customer, last := CustomerOf(*t), 0
	for _, p := range t.Posts {
		if p.Author != "" {
			continue
		}

		for _, m := range Distinct(p.Markers) {
			if customer != 0 && m.Conversation != customer {
				c.verdict.addViolation(&c.verdict.Leaked, "%s stands in the post %s, in the thread of customer %d", m, p.ID, customer)
			}

			isMessage := m.Kind == Inbound && p.isFromCustomer()
			if !isMessage || !c.countShown(m, p) {
				continue
			}

			c.checkOrder(m, last)
			last = m.Number
			c.checkHome(m, t.Root)
		}
	}
}

// countShown counts a message that a post shows, and reports whether this is the first time.
func (c *threadChecker) countShown(m Marker, p Post) (isFirst bool) {
	v := c.verdict
	if n := Count(p.Markers, m); n > 1 {
		v.addViolation(&v.Doubled, "%s stands %d times in the post %s", m, n, p.ID)
	}

	c.shown[m]++
	copies := c.shown[m] - 1
	if copies > c.allowedCopies[m] {
		v.addViolation(&v.Doubled, "%s is shown %d times, now at %s", m, c.shown[m], p.ID)
	} else if copies > 0 {
		v.MarkedCopies++
	}

	return copies == 0
}

// checkOrder checks that a message stands behind earlier ones of its thread. last is the number of the one before it.
func (c *threadChecker) checkOrder(m Marker, last int) {
	if m.Number > last {
		return
	}
	if c.excused[m] {
		c.verdict.Excused++
		return
	}
	c.verdict.addViolation(&c.verdict.Reordered, "%s stands after number %d in its thread", m, last)
}

// checkHome checks that all messages of a conversation stand in one thread.
func (c *threadChecker) checkHome(m Marker, root string) {
	home := c.home[m.Conversation]
	if home == "" {
		c.home[m.Conversation] = root
		return
	}
	if home != root {
		c.verdict.addViolation(&c.verdict.Scattered, "%s stands in the thread %s, not in %s", m, root, home)
	}
}

// checkInboundShown looks for messages of customers that no thread shows. shown counts how often each is shown.
func checkInboundShown(v *Verdict, observed Observation, shown map[Marker]int) {
	for _, b := range observed.Mailboxes {
		for range b.Unsent {
			v.addViolation(&v.Lost, "the phone of customer %d still sends", b.Conversation)
		}
		for _, m := range b.Sent {
			v.Mails++
			if shown[m] == 0 {
				v.addViolation(&v.Lost, "%s was sent and stands in no thread", m)
			}
		}
	}
}

// countMarkedCopies counts, for each marker, the posts that say that they may be a second copy. Each of them
// excuses one copy.
func countMarkedCopies(observed Observation) map[Marker]int {
	marked := map[Marker]int{}
	for _, p := range observed.posts() {
		isMarkedCopy := p.MaybeCopy && p.CustomerName != ""
		if !isMarkedCopy {
			continue
		}
		for _, m := range Distinct(p.Markers) {
			marked[m]++
		}
	}
	return marked
}
