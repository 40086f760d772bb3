package torture

// This file checks what agents see in their chat. Each message of a customer must be shown once, in order, and in the
// only thread of the customer's conversation. Nothing of another conversation may appear in that thread.
//
// Messages are recognised by their markers, such as "inbound-c017-5": message 5 of customer 17. If that marker is in the
// thread of customer 18, it was leaked. If customer 17 has two threads, the conversation is scattered.

// checkThreads checks all threads, and adds what is wrong to v.
func checkThreads(v *Verdict, observed Observation, expected Expectation) {
	c := threadChecker{
		verdict:       v,
		excused:       expected.Excused,
		ended:         expected.History.endings(),
		allowedCopies: countMarkedCopies(observed),
		shown:         map[Marker]int{},
		threadOf:      map[int]string{},
	}
	for _, op := range c.ended {
		if op.How == "split" {
			c.allowedCopies[op.Marker]++
		}
	}
	for _, t := range observed.Threads {
		c.checkThread(&t)
	}
	c.checkInboundShown(observed)
}

// threadChecker remembers which messages of customers it has seen while it goes through the threads of a run.
type threadChecker struct {
	verdict       *Verdict
	excused       map[Marker]bool
	ended         map[int]Operation // conversations that may have another thread
	allowedCopies map[Marker]int    // see countMarkedCopies
	shown         map[Marker]int    // how often each message was seen so far
	threadOf      map[int]string    // by conversation: the root of the first thread that shows one of its messages
}

// checkThread checks what Parley posted in one thread.
func (c *threadChecker) checkThread(t *Thread) {
	customer := CustomerOf(*t)
	last := 0 // the number of the customer's previous message
	for _, p := range t.Posts {
		if p.Author != "" {
			continue
		}

		for _, m := range Distinct(p.Markers) {
			if customer != 0 && m.Conversation != customer {
				c.verdict.addViolation(&c.verdict.Leaked, "%s is in the post %s, in the thread of customer %d", m, p.ID, customer)
			}

			isMessage := m.Kind == Inbound && p.isFromCustomer()
			if !isMessage || !c.countShown(m, p) {
				continue
			}

			c.checkOrder(m, last)
			last = m.Number
			c.checkThreadOf(m, t.Root)
		}
	}
}

// countShown counts a message that a post shows, and reports whether it was seen for the first time.
func (c *threadChecker) countShown(m Marker, p Post) (isFirst bool) {
	v := c.verdict
	if n := Count(p.Markers, m); n > 1 {
		v.addViolation(&v.Doubled, "%s appears %d times in the post %s", m, n, p.ID)
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

// checkOrder checks that a message comes after earlier ones. last is the number of the previous message in the thread.
func (c *threadChecker) checkOrder(m Marker, last int) {
	if m.Number > last {
		return
	}
	if c.excused[m] {
		c.verdict.Excused++
		return
	}
	c.verdict.addViolation(&c.verdict.Reordered, "%s comes after number %d in its thread", m, last)
}

// checkThreadOf checks that all messages of a conversation are in one thread.
func (c *threadChecker) checkThreadOf(m Marker, root string) {
	first := c.threadOf[m.Conversation]
	if first == "" {
		c.threadOf[m.Conversation] = root
		return
	}
	if _, isEnded := c.ended[m.Conversation]; first != root && !isEnded {
		c.verdict.addViolation(&c.verdict.Scattered, "%s is in the thread %s, not in %s", m, root, first)
	}
}

// checkInboundShown looks for messages of customers that no thread shows.
func (c *threadChecker) checkInboundShown(observed Observation) {
	v := c.verdict
	for _, b := range observed.Mailboxes {
		for range b.Unsent {
			v.addViolation(&v.Lost, "the phone of customer %d still sends", b.Conversation)
		}
		for _, m := range b.Sent {
			v.Mails++
			if c.shown[m] == 0 && !c.ended[m.Conversation].hides(m) {
				v.addViolation(&v.Lost, "%s was sent and is in no thread", m)
			}
		}
	}
}

// countMarkedCopies returns, for each message, the number of posts that Parley labelled as possible second copies. Each
// of them allows one more copy.
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
