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

// findInterval is how often the driver looks for new threads.
const findInterval = 300 * time.Millisecond

// driver acts for all customers and teammates. Only one goroutine uses it.
type driver struct {
	client        emulators.Client
	platform      emulators.Platform
	traits        emulators.Traits
	rng           *rand.Rand
	hold          time.Duration
	conversations []*conversation
	mailsLeft     int            // still to be written
	repliesLeft   int            // still to be typed
	actInterval   time.Duration  // between two acts
	threadsReadAt time.Time      // when the threads were looked for last
	counts        workloadCounts // what was said so far
	delayed       []delayedAct   // second halves of acts: edits and deletions

	history       checker.History
	holds         replyHolds
	burstMarkers  markerSet // messages that other messages of their lane follow at once
	bounceMarkers markerSet // replies to a mailbox that does not exist any more
	stimuli       stimuli   // moments that blows wait for

	tasks     taskQueue
	floodSize int      // how many messages customers write in a flood
	poisons   []string // external ids of the facts that Parley can't read
	failing   failingMails
}

// conversation is one customer's conversation.
type conversation struct {
	number     int
	kind       emulators.ChatKind
	agent      string // who holds it
	colleague  string
	root       string // id of its thread; "" means not seen yet
	lastMailID string // Message-ID of the customer's last new mail
	// untilReopened is how many messages the customer must still write until the conversation surely is open
	// again: the first of them may have been written before the conversation was resolved.
	untilReopened int
	resolved      bool // what its card showed at the last look
	markerCount   int  // how many marks its messages have had
	bounces       bool // mail to this customer comes back
	// quietUntil is until when nobody types in the thread: each line would begin the hold anew, and a
	// blow waits for the reply to leave.
	quietUntil time.Time
}

// delayedAct is something to be done at a certain time.
type delayedAct struct {
	at time.Time
	do func(context.Context) error
}

// Of minConversations to maxConversations conversations, one in bounceEvery is with somebody whose
// mailbox is gone.
const (
	minConversations     = 6
	maxConversations     = 300
	bounceEvery          = 8
	mailsPerConversation = 8  // so many mails of a run make one conversation more
	newMailEvery         = 3  // one mail in so many is no answer, though there is something to answer
	burstPercent         = 16 // of acts are followed by more at once
	maxBurst             = 4  // acts of a burst, which has two at least
	editPercent          = 8  // of replies are corrected
	actDelay             = 300 * time.Millisecond
)

func newDriver(w emulators.Client, o Options) *driver {
	chat := w.Platform()
	d := &driver{
		client: w, platform: chat, traits: chat.Traits(), hold: o.hold(),
		rng:       rand.New(rand.NewPCG(o.Seed, 1)), //nolint:gosec // the seed is to be repeated
		mailsLeft: o.Mails, repliesLeft: o.Replies, floodSize: o.floodSize(),
		actInterval: o.Flow / time.Duration(max(o.Mails+o.Replies, 1)),
	}

	d.holds.platform, d.holds.hold = chat, d.hold
	d.stimuli.interval = stimulusInterval
	if o.Rate > 0 {
		d.stimuli.interval = limitedStimulusInterval
	}

	mailers := 0
	for i := range min(max(minConversations, o.Mails/mailsPerConversation), maxConversations) {
		t := &conversation{number: i + 1, kind: emulators.ChatKindOf(i+1, o.Chats), agent: d.traits.Ann, colleague: d.traits.Ben}
		if t.kind == emulators.ByMail {
			mailers++
			t.bounces = mailers%bounceEvery == 2
		}
		if i%2 == 1 {
			t.agent, t.colleague = d.traits.Ben, d.traits.Ann
		}

		d.conversations = append(d.conversations, t)
	}

	return d
}

// nextMarker makes the mark of the conversation's next message.
func (c *conversation) nextMarker(kind string) checker.Marker {
	c.markerCount++
	return checker.Marker{Kind: kind, Conversation: c.number, Number: c.markerCount}
}

// prepareBounces lets mail to some customers come back.
func (d *driver) prepareBounces(ctx context.Context) error {
	for _, t := range d.conversations {
		if t.bounces {
			if err := d.client.BounceMail(ctx, emulators.CustomerAddress(t.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// excuseHeldReplies notes that a jump of the clock may have ended holds early.
func (d *driver) excuseHeldReplies() { d.holds.excuseHeld() }

// run says everything, evenly spread, and returns when all is said.
// Errors: the emulators don't answer.
func (d *driver) run(ctx context.Context) error {
	tick := time.NewTicker(max(d.actInterval, time.Millisecond))
	defer tick.Stop()
	for d.isBusy() {
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

// isBusy reports whether something is still to be said, or a blow waits for what people do.
func (d *driver) isBusy() bool {
	if d.mailsLeft+d.repliesLeft+len(d.delayed) > 0 {
		return true
	}
	return d.stimuli.isAnyOpen() || d.tasks.isAnyOpen()
}

// actOnce does what is due and one act more.
func (d *driver) actOnce(ctx context.Context) error {
	for len(d.delayed) > 0 && !d.delayed[0].at.After(time.Now()) {
		deed := d.delayed[0]
		d.delayed = d.delayed[1:]
		if err := deed.do(ctx); err != nil {
			return err
		}
	}

	hasNoThread := func(t *conversation) bool { return t.markerCount > 0 && t.root == "" }
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
	if d.mailsLeft+d.repliesLeft == 0 {
		return nil
	}

	t := d.conversations[d.rng.IntN(len(d.conversations))]
	isFirst := t.markerCount == 0 && d.mailsLeft > 0
	if isFirst || d.rng.IntN(d.mailsLeft+d.repliesLeft) < d.mailsLeft {
		return d.doOnceOrInBurst(d.mailsLeft, func(last bool) error { return d.writeAsCustomer(ctx, t, last) })
	}
	if t.root != "" && time.Now().After(t.quietUntil) {
		return d.typeIn(ctx, t)
	}

	return nil
}

// drawPercent draws lots: it returns true in so many of 100 cases.
func (d *driver) drawPercent(percent int) bool { return d.rng.IntN(100) < percent }

// doOnceOrInBurst does an act once, or in a burst: up to four times on end, but at most maxActs times. The last
// act of a burst is called with last.
func (d *driver) doOnceOrInBurst(maxActs int, act func(last bool) error) error {
	n := 1
	if d.drawPercent(burstPercent) {
		n = min(2+d.rng.IntN(maxBurst-1), max(maxActs, 1))
	}
	return d.repeat(n, act)
}

// repeat does an act n times on end.
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
	for _, t := range d.conversations {
		r := roots[emulators.Subject(t.number)]
		t.root, t.resolved = r.ID, checker.IsResolved(r.Card)
	}
	return nil
}

// writeAsCustomer lets the customer write: a first mail, one more, or an answer to the last one
// received.
func (d *driver) writeAsCustomer(ctx context.Context, t *conversation, last bool) error {
	from := fmt.Sprintf("Customer %03d <%s>", t.number, emulators.CustomerAddress(t.number))
	about := t.nextMarker(checker.Inbound)
	t.untilReopened = max(t.untilReopened-1, 0)

	if !last {
		d.burstMarkers.add(about)
	}

	text := d.composeText(about)
	d.mailsLeft--
	d.counts.Mails++
	if err := d.write(ctx, t, from, text); err != nil {
		return err
	}

	d.history = append(d.history, checker.Operation{At: time.Now(), Kind: checker.OpWrite, Marker: about, Conversation: t.number, Announced: true})
	return nil
}

// write sends what a customer writes: by phone, as an answer to the last mail received, or
// as a mail of its own.
func (d *driver) write(ctx context.Context, t *conversation, from, text string) error {
	if t.kind != emulators.ByMail {
		return d.client.SendText(ctx, emulators.ChatText{Kind: t.kind, Conversation: t.number, Text: text})
	}

	if t.root != "" && d.rng.IntN(newMailEvery) > 0 {
		inbox, err := d.client.ReadFolder(ctx, emulators.CustomerAddress(t.number), "INBOX")
		if err != nil {
			return err
		}
		if len(inbox) > 0 {
			programs := []mailfake.Program{mailfake.Gmail, mailfake.Outlook, mailfake.Apple, mailfake.Plain}
			return d.client.AnswerMail(ctx, from, inbox[len(inbox)-1].MessageID, programs[d.rng.IntN(len(programs))], text)
		}
	}

	m := mailfake.Mail{From: from, To: []string{lab.HelpAddress}, Subject: emulators.Subject(t.number), Text: text}
	if t.lastMailID != "" {
		m.Subject = "Re: " + m.Subject
		m.InReplyTo, m.References = t.lastMailID, []string{t.lastMailID}
	}

	sent, err := d.client.SendMail(ctx, m)
	t.lastMailID = sent.MessageID
	return err
}

// actSoon does something a moment later, well before the hold ends.
func (d *driver) actSoon(do func(context.Context) error) {
	d.delayed = append(d.delayed, delayedAct{time.Now().Add(actDelay), do})
}

// composeText makes a text around a mark.
func (d *driver) composeText(m checker.Marker) string {
	list := []string{
		"Thank you for your patience, this is %s.", "Here is what I found: %s", "Please look at %s and tell me whether it works now.",
		"About %s:\n\nit was the cable.", "Hello again, %s.\nBest wishes", "%s",
	}
	return fmt.Sprintf(list[d.rng.IntN(len(list))], m)
}
