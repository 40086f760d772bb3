package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/world"
)

// findInterval is how often the driver looks for new threads.
const findInterval = 300 * time.Millisecond

// driver acts for all customers and teammates. Only one goroutine uses it.
type driver struct {
	wire        world.Wire
	chat        world.Platform
	traits      world.Traits
	rng         *rand.Rand
	hold        time.Duration
	talks       []*talk
	mails       int           // still to be written
	replies     int           // still to be typed
	actInterval time.Duration // between two acts
	learned     time.Time     // when the threads were looked for last
	counted     counts        // what was said so far
	later       []deed        // second halves of acts: edits and deletions

	said        judge.Ledger
	takeBacks   takeBacks
	burstMarks  markSet // messages that other messages of their lane follow at once
	bounceMarks markSet // replies to a mailbox that does not exist any more
	wishes      wishes  // moments that blows wait for

	errands   errands
	floodSize int      // how many messages customers write in a flood
	poisons   []string // external ids of the facts that Parley can't read
	hard      hardMails
}

// talk is one customer's conversation.
type talk struct {
	conv       int
	kind       world.ChatKind
	agent      string // who holds it
	colleague  string
	root       string // id of its thread; "" means not seen yet
	lastMailID string // Message-ID of the customer's last new mail
	// untilReopened is how many messages the customer must still write until the conversation surely is open
	// again: the first of them may have been written before the conversation was resolved.
	untilReopened int
	resolved      bool // what its card showed at the last look
	markCount     int  // how many marks its messages have had
	bounces       bool // mail to this customer comes back
	// quietUntil is until when nobody types in the thread: each line would begin the hold anew, and a
	// blow waits for the reply to leave.
	quietUntil time.Time
}

// deed is something to be done at a certain time.
type deed struct {
	at time.Time
	do func(context.Context) error
}

// Of minTalks to maxTalks conversations, one in bounceEvery is with somebody whose
// mailbox is gone.
const (
	minTalks     = 6
	maxTalks     = 300
	bounceEvery  = 8
	mailsPerTalk = 8  // so many mails of a run make one conversation more
	newMailEvery = 3  // one mail in so many is no answer, though there is something to answer
	burstPercent = 16 // of acts are followed by more at once
	maxBurst     = 4  // acts of a burst, which has two at least
	editPercent  = 8  // of replies are corrected
	soon         = 300 * time.Millisecond
)

func newDriver(w world.Wire, o Options) *driver {
	chat := w.Platform()
	d := &driver{
		wire: w, chat: chat, traits: chat.Traits(), hold: o.hold(),
		rng:   rand.New(rand.NewPCG(o.Seed, 1)), //nolint:gosec // the seed is to be repeated
		mails: o.Mails, replies: o.Replies, floodSize: o.floodSize(),
		actInterval: o.Flow / time.Duration(max(o.Mails+o.Replies, 1)),
	}

	d.takeBacks.platform, d.takeBacks.hold = chat, d.hold
	d.wishes.interval = grantInterval
	if o.Rate > 0 {
		d.wishes.interval = limitedGrantInterval
	}

	mailers := 0
	for i := range min(max(minTalks, o.Mails/mailsPerTalk), maxTalks) {
		t := &talk{conv: i + 1, kind: world.KindOf(i+1, o.Chats), agent: d.traits.Ann, colleague: d.traits.Ben}
		if t.kind == world.ByMail {
			mailers++
			t.bounces = mailers%bounceEvery == 2
		}
		if i%2 == 1 {
			t.agent, t.colleague = d.traits.Ben, d.traits.Ann
		}

		d.talks = append(d.talks, t)
	}

	return d
}

// nextMark makes the mark of the conversation's next message.
func (t *talk) nextMark(kind string) judge.Mark {
	t.markCount++
	return judge.Mark{Kind: kind, Conv: t.conv, N: t.markCount}
}

// prepareBounces lets mail to some customers come back.
func (d *driver) prepareBounces(ctx context.Context) error {
	for _, t := range d.talks {
		if t.bounces {
			if err := d.wire.Bounce(ctx, world.Customer(t.conv)); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteClockJump notes that a jump of the clock may have ended holds early.
func (d *driver) noteClockJump() { d.takeBacks.excuseJumped() }

// run says everything, evenly spread, and returns when all is said.
// Errors: the emulators don't answer.
func (d *driver) run(ctx context.Context) error {
	tick := time.NewTicker(max(d.actInterval, time.Millisecond))
	defer tick.Stop()
	for d.hasWork() {
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

// hasWork reports whether something is still to be said, or a blow waits for what people do.
func (d *driver) hasWork() bool {
	if d.mails+d.replies+len(d.later) > 0 {
		return true
	}
	return d.wishes.isAnyOpen() || d.errands.isAnyOpen()
}

// actOnce does what is due and one act more.
func (d *driver) actOnce(ctx context.Context) error {
	for len(d.later) > 0 && !d.later[0].at.After(time.Now()) {
		deed := d.later[0]
		d.later = d.later[1:]
		if err := deed.do(ctx); err != nil {
			return err
		}
	}

	hasNoThread := func(t *talk) bool { return t.markCount > 0 && t.root == "" }
	if time.Since(d.learned) > findInterval && slices.ContainsFunc(d.talks, hasNoThread) {
		d.learned = time.Now()
		if err := d.findThreads(ctx); err != nil {
			return err
		}
	}

	done, err := d.runErrand(ctx)
	if done || err != nil {
		return err
	}

	done, err = d.grantWish(ctx)
	if done || err != nil {
		return err
	}
	if d.mails+d.replies == 0 {
		return nil
	}

	t := d.talks[d.rng.IntN(len(d.talks))]
	isFirst := t.markCount == 0 && d.mails > 0
	if isFirst || d.rng.IntN(d.mails+d.replies) < d.mails {
		return d.doOnceOrInBurst(d.mails, func(last bool) error { return d.writeAsCustomer(ctx, t, last) })
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
		d.counted.Bursts++
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
	roots, err := d.chat.Roots(ctx)
	if err != nil {
		return err
	}
	for _, t := range d.talks {
		r := roots[world.Subject(t.conv)]
		t.root, t.resolved = r.ID, judge.IsResolved(r.Card)
	}
	return nil
}

// writeAsCustomer lets the customer write: a first mail, one more, or an answer to the last one
// received.
func (d *driver) writeAsCustomer(ctx context.Context, t *talk, last bool) error {
	from := fmt.Sprintf("Customer %03d <%s>", t.conv, world.Customer(t.conv))
	about := t.nextMark(judge.Said)
	t.untilReopened = max(t.untilReopened-1, 0)

	if !last {
		d.burstMarks.add(about)
	}

	text := d.composeText(about)
	d.mails--
	d.counted.Mails++
	if err := d.write(ctx, t, from, text); err != nil {
		return err
	}

	d.said = append(d.said, judge.Record{At: time.Now(), Did: judge.ActWrite, Mark: about, Conv: t.conv, Heard: true})
	return nil
}

// write sends what a customer writes: by phone, as an answer to the last mail received, or
// as a mail of its own.
func (d *driver) write(ctx context.Context, t *talk, from, text string) error {
	if t.kind != world.ByMail {
		return d.wire.Text(ctx, world.ChatText{Kind: t.kind, Conv: t.conv, Text: text})
	}

	if t.root != "" && d.rng.IntN(newMailEvery) > 0 {
		inbox, err := d.wire.Folder(ctx, world.Customer(t.conv), "INBOX")
		if err != nil {
			return err
		}
		if len(inbox) > 0 {
			programs := []mailfake.Program{mailfake.Gmail, mailfake.Outlook, mailfake.Apple, mailfake.Plain}
			return d.wire.Answer(ctx, from, inbox[len(inbox)-1].MessageID, programs[d.rng.IntN(len(programs))], text)
		}
	}

	m := mailfake.Mail{From: from, To: []string{lab.HelpAddress}, Subject: world.Subject(t.conv), Text: text}
	if t.lastMailID != "" {
		m.Subject = "Re: " + m.Subject
		m.InReplyTo, m.References = t.lastMailID, []string{t.lastMailID}
	}

	sent, err := d.wire.Send(ctx, m)
	t.lastMailID = sent.MessageID
	return err
}

// doSoon does something a moment later, well before the hold ends.
func (d *driver) doSoon(do func(context.Context) error) {
	d.later = append(d.later, deed{time.Now().Add(soon), do})
}

// composeText makes a text around a mark.
func (d *driver) composeText(m judge.Mark) string {
	list := []string{
		"Thank you for your patience, this is %s.", "Here is what I found: %s", "Please look at %s and tell me whether it works now.",
		"About %s:\n\nit was the cable.", "Hello again, %s.\nBest wishes", "%s",
	}
	return fmt.Sprintf(list[d.rng.IntN(len(list))], m)
}
