package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// The driver writes what customers write, types what agents type in the threads, and records all of it, so that the checker can
// compare it with what arrived on the other side. Each message has a marker, such as "outbound-c017-5": text 5 of conversation 17,
// by an agent. Meanwhile the injector injects faults. Some of these need something to happen at a certain moment, such as two
// replies at once; the driver then does that first.

// findInterval is how often the driver looks for new threads.
const findInterval = 300 * time.Millisecond

// driver acts for all customers and agents. Only one goroutine uses it.
type driver struct {
	client   emulators.Client
	platform emulators.Platform
	traits   emulators.Traits

	// What is to be done.
	rng           dice
	hold          time.Duration // how long replies wait so that they can be taken back
	actInterval   time.Duration // between two acts
	floodSize     int           // how many messages customers write in a flood
	conversations []*conversation
	mailsLeft     int         // still to be written
	repliesLeft   int         // still to be typed
	delayed       delayedActs // second halves of acts, such as edits, that are done after a moment
	waiting       waitingActs // second halves of acts that are done once something has happened
	isFinishing   bool        // all is written, and only waiting acts are left

	// What was done so far.
	history       checker.History
	counts        workloadCounts
	threadsReadAt time.Time // when findThreads ran last

	// What faults wait for.
	stimuli       stimuli      // what people do so that a certain moment comes
	tasks         taskQueue    // faults that consist of what customers write
	burstMarkers  markerSet    // of messages that others in the same thread follow at once
	bounceMarkers markerSet    // of replies to a mailbox that does not exist any more
	poisons       []string     // ids of what Parley is told and can't read
	failing       failingMails // mails that end the process that reads them
}

// How people write.
const (
	newMailEvery = 3  // one mail in so many isn't an answer, though there is something to answer
	filePercent  = 20 // of mails have a file
	burstPercent = 16 // of acts are followed by more at once
	minBurst     = 2  // acts of a burst
	maxBurst     = 4
	editPercent  = 8 // of replies are edited
	// actDelay is the time between typing a reply and editing or deleting it, well before its hold ends.
	actDelay = 300 * time.Millisecond
)

func newDriver(client emulators.Client, o Options) *driver {
	platform := client.Platform()
	d := &driver{
		client:        client,
		platform:      platform,
		traits:        platform.Traits(),
		conversations: makeConversations(o, platform.Traits()),
		hold:          o.hold(),
		rng:           dice{rand.New(rand.NewPCG(o.Seed, 1))}, //nolint:gosec // the seed is to be repeated
		mailsLeft:     o.Mails,
		repliesLeft:   o.Replies,
		floodSize:     o.floodSize(),
		actInterval:   o.Flow / time.Duration(max(o.Mails+o.Replies, 1)),
	}

	d.stimuli.interval = stimulusInterval
	if o.Rate > 0 {
		d.stimuli.interval = limitedStimulusInterval
	}

	return d
}

// prepareBounces lets the mail server bounce mail to customers whose mailbox is gone.
func (d *driver) prepareBounces(ctx context.Context) error {
	for _, c := range d.conversations {
		if c.bounces {
			if err := d.client.BounceMail(ctx, emulators.CustomerAddress(c.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// run writes everything, evenly spread over the flow, and returns when all is written.
// Errors: the emulators don't answer.
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

// needsToAct reports whether something is still to be written, or a fault waits for what people do.
func (d *driver) needsToAct() bool {
	if d.mailsLeft+d.repliesLeft+len(d.delayed) > 0 {
		return true
	}
	return d.stimuli.isAnyWanted() || d.tasks.isAnyWaiting()
}

// actOnce does the second halves of acts that are due, and then one act more. That is one for which a fault waits, if there is any.
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

// writeOrType lets the customer of a random conversation write, or its agent type. Which of them acts depends on how many mails and
// replies are left. It does nothing if that is the agent, and there is no thread yet, or it must stay quiet.
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

// doOnceOrInBurst does an act once or, by chance, from minBurst to maxBurst times in a row, but at most maxActs times. It calls act
// with true for the last one.
func (d *driver) doOnceOrInBurst(maxActs int, act func(last bool) error) error {
	n := 1
	if d.rng.percent(burstPercent) {
		n = min(minBurst+d.rng.IntN(maxBurst-minBurst+1), max(maxActs, 1))
	}
	return d.repeat(n, act)
}

// repeat does an act n times in a row.
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

// findThreads finds the threads of the conversations, and which of them are resolved.
func (d *driver) findThreads(ctx context.Context) error {
	roots, err := d.platform.ReadRoots(ctx)
	if err != nil {
		return err
	}
	for _, c := range d.conversations {
		r := roots[emulators.Subject(c.number)]
		c.root, c.resolved, c.isSnoozed = r.ID, checker.IsResolved(r.Card), checker.IsSnoozed(r.Card)
	}
	return nil
}

// writeAsCustomer lets a customer write a message, and records it. last is false if another message of the customer follows at once.
func (d *driver) writeAsCustomer(ctx context.Context, c *conversation, last bool) error {
	from := fmt.Sprintf("Customer %03d <%s>", c.number, emulators.CustomerAddress(c.number))
	marker := c.nextMarker(checker.Inbound)
	c.untilReopened = max(c.untilReopened-1, 0)
	c.wroteAt = time.Now()
	if !last {
		d.burstMarkers.add(marker)
	}

	m := mailfake.Mail{From: from, To: []string{lab.HelpAddress}, Cc: emulators.CopyAddresses(c.number), Text: d.rng.composeText(marker)}
	hasFile := c.kind == emulators.ByMail && d.traits.ShowsFiles && d.rng.percent(filePercent)
	if hasFile {
		f := checker.FileOf(marker)
		m.Attachments = []mailfake.Attachment{{Name: f.Name, Type: "text/plain", Content: []byte(f.Content)}}
	}
	d.mailsLeft--
	d.counts.Mails++
	if err := d.write(ctx, c, m); err != nil {
		return err
	}

	d.history = append(d.history, checker.Operation{
		At:           time.Now(),
		Kind:         checker.OpWrite,
		Marker:       marker,
		Conversation: c.number,
		Announced:    true,
		HasFile:      hasFile,
	})
	return nil
}

// write sends a customer's message: by phone, as an answer to the last mail that the customer received, or as a new mail.
func (d *driver) write(ctx context.Context, c *conversation, m mailfake.Mail) error {
	if c.kind != emulators.ByMail {
		return d.client.SendText(ctx, emulators.ChatText{Kind: c.kind, Conversation: c.number, Text: m.Text})
	}

	mayAnswer := c.root != "" && d.rng.IntN(newMailEvery) > 0
	if mayAnswer {
		inbox, err := d.client.ReadFolder(ctx, emulators.CustomerAddress(c.number), "INBOX")
		if err != nil {
			return err
		}
		if len(inbox) > 0 {
			programs := []mailfake.Program{mailfake.Gmail, mailfake.Outlook, mailfake.Apple, mailfake.Plain}
			return d.client.AnswerMail(ctx, m, inbox[len(inbox)-1].MessageID, programs[d.rng.IntN(len(programs))])
		}
	}
	m.Subject = emulators.Subject(c.number)
	if c.lastMailID != "" {
		m.Subject = "Re: " + m.Subject
		m.InReplyTo, m.References = c.lastMailID, []string{c.lastMailID}
	}
	sent, err := d.client.SendMail(ctx, m)
	c.lastMailID = sent.MessageID
	return err
}
