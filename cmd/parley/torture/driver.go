package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
)

// findInterval is how often the driver looks for new threads.
const findInterval = 300 * time.Millisecond

// driver simulates all customers and agents of a test run: it sends what customers write, types what agents type in
// their chat threads, and records everything, so that the checker can compare it with what arrived on the other side.
// Each message has a marker, such as "outbound-c017-5": text 5 of conversation 17, by an agent.
//
// At the same time the injector injects faults. Some faults need people to do something, such as sending some replies at
// once to hit a certain moment (a stimulus), or writing a flood of mails (a task). The driver does that first.
//
// Only one goroutine may use a driver, except for its stimuli, tasks, marker sets and failing mails, and for fields that
// never change.
type driver struct {
	client   Client
	platform Platform
	traits   Traits

	// The work of the run, and how it is done.
	rng           dice
	hold          time.Duration // how long Parley holds replies back so that agents can take them back
	actInterval   time.Duration // between two acts
	floodSize     int           // how many messages customers write in a flood
	conversations []*conversation
	mailsLeft     int         // still to be written
	repliesLeft   int         // still to be typed
	delayed       delayedActs // follow-ups, such as edits, to be done after a short delay
	waiting       waitingActs // follow-ups to be done once something has happened
	lastNumber    int         // of a customer
	isFinishing   bool        // everything is written, and only waiting acts are left

	// The work done so far.
	history       History
	counts        workloadCounts
	threadsReadAt time.Time // when findThreads last ran

	endingThreads   []Thread // as endings last saw them
	endingsLookedAt time.Time

	// Acts and messages for which faults wait.
	stimuli       stimuli      // acts that bring about a certain moment
	tasks         taskQueue    // faults that consist of messages from customers
	burstMarkers  markerSet    // of messages that are immediately followed by others in the same thread
	bounceMarkers markerSet    // of replies to a mailbox that no longer exists
	poisons       []string     // words of events that Parley can't apply
	failing       failingMails // mails whose first attempts fail
}

// How people write.
const (
	newMailEvery = 3  // of this many mails that could answer another, one is a new mail
	filePercent  = 20 // of mails have an attachment
	burstPercent = 16 // of acts are immediately followed by more
	minBurst     = 2  // acts of a burst
	maxBurst     = 4
	editPercent  = 8 // of replies are edited
	// actDelay is the time between typing a reply and editing or deleting it, well before its hold ends.
	actDelay = 300 * time.Millisecond
)

func newDriver(client Client, o Options) *driver {
	platform := client.Platform()
	d := &driver{
		client:        client,
		platform:      platform,
		traits:        platform.Traits(),
		conversations: makeConversations(o, platform.Traits()),
		hold:          o.hold(),
		rng:           dice{rand.New(rand.NewPCG(o.Seed, 1))}, //nolint:gosec // a run can be repeated by its seed
		mailsLeft:     o.Mails,
		repliesLeft:   o.Replies,
		floodSize:     o.floodSize(),
		actInterval:   o.Flow / time.Duration(max(o.Mails+o.Replies, 1)),
	}

	d.stimuli.interval = stimulusInterval
	if o.Rate > 0 {
		d.stimuli.interval = limitedStimulusInterval
	}

	d.lastNumber = len(d.conversations)
	d.beginEndings(o)
	return d
}

// prepareBounces makes the mail server bounce mail to customers whose mailbox no longer exists.
func (d *driver) prepareBounces(ctx context.Context) error {
	for _, c := range d.conversations {
		if c.bounces {
			if err := d.client.BounceMail(ctx, CustomerAddress(c.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// run performs all acts, spread evenly over the time that Options.Flow gives. Follow-ups that wait for something are
// performed only if that has happened by then. It returns an error if ctx ends or the emulators don't respond.
func (d *driver) run(ctx context.Context) error {
	tick := time.NewTicker(max(d.actInterval, time.Millisecond))
	defer tick.Stop()
	for d.needsToAct() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := d.actOnce(ctx); err != nil {
			return err
		}
	}
	return nil
}

// needsToAct reports whether something is still to be written, or a fault waits for an act.
func (d *driver) needsToAct() bool {
	if d.mailsLeft+d.repliesLeft+len(d.delayed) > 0 {
		return true
	}
	return d.stimuli.isAnyWanted() || d.tasks.isAnyWaiting()
}

// actOnce performs the follow-ups that are due, and then one more act: one that a fault waits for, if any, or a random
// one.
func (d *driver) actOnce(ctx context.Context) error {
	if err := d.delayed.run(ctx); err != nil {
		return err
	}
	if err := d.waiting.run(ctx); err != nil {
		return err
	}

	hasNoThread := func(c *conversation) bool { return c.markerCount > 0 && c.root == "" }
	if time.Since(d.threadsReadAt) > findInterval && slices.ContainsFunc(d.conversations, hasNoThread) {
		d.threadsReadAt = time.Now()
		if err := d.findThreads(ctx); err != nil {
			return err
		}
	}

	done, err := d.runNextTask(ctx)
	if done || err != nil {
		return err
	}
	done, err = d.giveStimulus(ctx)
	if done || err != nil {
		return err
	}
	return d.writeOrType(ctx)
}

// writeOrType acts as the customer or the agent of a random conversation. The choice between them depends on how many
// mails and replies are left. It does nothing if it is the agent's turn and the thread doesn't exist yet or must stay
// quiet.
func (d *driver) writeOrType(ctx context.Context) error {
	left := d.mailsLeft + d.repliesLeft
	if left == 0 {
		return nil
	}

	c := d.conversations[d.rng.IntN(len(d.conversations))]
	isFirst := c.markerCount == 0 && d.mailsLeft > 0
	if isFirst || d.rng.IntN(left) < d.mailsLeft {
		return d.doOnceOrInBurst(d.mailsLeft, func(last bool) error { return d.writeAsCustomer(ctx, c, last) })
	}
	if c.root != "" && time.Now().After(c.quietUntil) {
		return d.typeIn(ctx, c)
	}
	return nil
}

// doOnceOrInBurst calls act once or, by chance, minBurst to maxBurst times in a row, but at most maxActs times. The last
// call has last set to true.
func (d *driver) doOnceOrInBurst(maxActs int, act func(last bool) error) error {
	n := 1
	if d.rng.percent(burstPercent) {
		n = min(minBurst+d.rng.IntN(maxBurst-minBurst+1), max(maxActs, 1))
	}
	return d.repeat(n, act)
}

// repeat calls act n times in a row. The last call has last set to true.
func (d *driver) repeat(n int, act func(last bool) error) error {
	if n > 1 {
		d.counts.Bursts++
	}
	for i := range n {
		if err := act(i == n-1); err != nil {
			return err
		}
	}
	return nil
}

// findThreads updates what the conversations know of their threads: the root, and what the card shows.
func (d *driver) findThreads(ctx context.Context) error {
	roots, err := d.platform.ReadRoots(ctx)
	if err != nil {
		return err
	}
	for _, c := range d.conversations {
		r := roots[Subject(c.number)]
		c.root, c.resolved, c.isSnoozed = r.ID, IsResolved(r.Card), IsSnoozed(r.Card)
	}
	return nil
}

// writeAsCustomer sends a message of a customer and records it. last is false if another one follows immediately.
func (d *driver) writeAsCustomer(ctx context.Context, c *conversation, last bool) error {
	from := fmt.Sprintf("Customer %03d <%s>", c.number, CustomerAddress(c.number))
	marker := c.nextMarker(Inbound)
	c.untilReopened = max(c.untilReopened-1, 0)
	c.wroteAt = time.Now()
	if !last {
		d.burstMarkers.add(marker)
	}

	m := mailfake.Mail{From: from, To: []string{lab.HelpAddress}, Cc: CopyAddresses(c.number), Text: d.rng.composeText(marker)}
	hasFile := c.kind == ByMail && d.traits.ShowsFiles && d.rng.percent(filePercent)
	if hasFile {
		f := FileOf(marker)
		m.Attachments = []mailfake.Attachment{{Name: f.Name, Type: "text/plain", Content: []byte(f.Content)}}
	}
	d.mailsLeft--
	d.counts.Mails++
	if err := d.write(ctx, c, m); err != nil {
		return err
	}

	d.history = append(d.history, Operation{
		At:           time.Now(),
		Kind:         OpWrite,
		Marker:       marker,
		Conversation: c.number,
		Announced:    true,
		HasFile:      hasFile,
	})
	return nil
}

// write sends a customer's message: by phone, as an answer to the latest mail that the customer received, or as a new
// mail.
func (d *driver) write(ctx context.Context, c *conversation, m mailfake.Mail) error {
	if c.kind != ByMail {
		return d.client.SendText(ctx, ChatText{Kind: c.kind, Conversation: c.number, Text: m.Text})
	}

	mayAnswer := c.root != "" && d.rng.IntN(newMailEvery) > 0
	if mayAnswer {
		inbox, err := d.client.ReadFolder(ctx, CustomerAddress(c.number), "INBOX")
		if err != nil {
			return err
		}
		if len(inbox) > 0 {
			programs := []mailfake.Program{mailfake.Gmail, mailfake.Outlook, mailfake.Apple, mailfake.Plain}
			return d.client.AnswerMail(ctx, m, inbox[len(inbox)-1].MessageID, programs[d.rng.IntN(len(programs))])
		}
	}
	m.Subject = Subject(c.number)
	if c.lastMailID != "" {
		m.Subject = "Re: " + m.Subject
		m.InReplyTo, m.References = c.lastMailID, []string{c.lastMailID}
	}
	sent, err := d.client.SendMail(ctx, m)
	c.lastMailID = sent.MessageID
	return err
}
