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

// learnEvery is how often the driver looks for new threads.
const learnEvery = 300 * time.Millisecond

// driver is all customers and teammates. Used by one goroutine.
type driver struct {
	wire    world.Wire
	chat    world.Platform
	traits  world.Traits
	rng     *rand.Rand
	hold    time.Duration
	talks   []*talk
	mails   int // still to be written
	replies int
	every   time.Duration // between two acts
	learned time.Time
	done    counts
	later   []deed // second halves of acts: edits and deletions

	said   judge.Ledger
	taken  takeBacks
	bursts markSet // messages with others of their lane right behind them
	backs  markSet // replies to a mailbox that does not exist any more
	wishes wishes  // of blows that wait for their moment

	errands errands
	much    int      // messages of a flood
	poisons []string // facts that can't be read, by their external ids
	hard    hardMails
}

// counts is what was said.
type counts struct {
	Mails   int `json:"mails"`
	Replies int `json:"replies"`
	Inside  int `json:"inside"`
	Edits   int `json:"edits"`
	Deletes int `json:"deletes"`
	Backs   int `json:"backs"`    // replies that bounce
	Bursts  int `json:"bursts"`   // several messages at once in one conversation
	Solved  int `json:"resolved"` // conversations marked as done, some of them to be reopened
	Handed  int `json:"handed"`   // conversations given to another team, or put back
	Floods  int `json:"floods"`   // times that customers wrote very often
	Poisons int `json:"poisons"`  // facts that can't be read
	Hard    int `json:"hard"`     // mails whose applying failed, took long or ended the process
}

// talk is one customer's conversation.
type talk struct {
	conv      int
	kind      world.ChatKind
	agent     string // who holds it
	colleague string
	root      string // id of its thread; "" means not seen yet
	first     string // Message-ID of the customer's last new mail
	// over is how many messages the customer must still write until the conversation surely is open
	// again: the first of them may have been written before the conversation was resolved.
	over     int
	resolved bool // what its card showed at the last look
	n        int  // marks given
	bounces  bool // mail to this customer comes back
	// rests is until when nobody types in the thread: each line would begin the hold anew, and a
	// blow waits for the reply to leave.
	rests time.Time
}

// deed is something to be done at a certain time.
type deed struct {
	at time.Time
	do func(context.Context) error
}

// Of leastTalks to mostTalks conversations, one in bounceEvery is with somebody whose
// mailbox is gone.
const (
	leastTalks  = 6
	mostTalks   = 300
	bounceEvery = 8
)

func newDriver(w world.Wire, o Options) *driver {
	chat := w.Platform()
	d := &driver{wire: w, chat: chat, traits: chat.Traits(), rng: rand.New(rand.NewPCG(o.Seed, 1)), mails: o.Mails, replies: o.Replies, hold: o.hold(), //nolint:gosec // the seed is to be repeated
		every: o.Flow / time.Duration(max(o.Mails+o.Replies, 1))}
	d.taken.platform, d.taken.hold, d.much = chat, d.hold, o.much()
	if d.wishes.every = grantEvery; o.Rate > 0 {
		d.wishes.every = grantLimited
	}
	mailers := 0
	for i := range min(max(leastTalks, o.Mails/8), mostTalks) {
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

func (t *talk) mark(kind string) judge.Mark {
	t.n++
	return judge.Mark{Kind: kind, Conv: t.conv, N: t.n}
}

// prepare lets mail to some customers come back.
func (d *driver) prepare(ctx context.Context) error {
	for _, t := range d.talks {
		if t.bounces {
			if err := d.wire.Bounce(ctx, world.Customer(t.conv)); err != nil {
				return err
			}
		}
	}
	return nil
}

// jumped notes that a jump of the clock may have ended holds early.
func (d *driver) jumped() { d.taken.excuseJumped() }

// run says everything, evenly spread, and returns when all is said.
// Errors: the emulators don't answer.
func (d *driver) run(ctx context.Context) error {
	tick := time.NewTicker(max(d.every, time.Millisecond))
	defer tick.Stop()
	for d.mails+d.replies+len(d.later) > 0 || d.wishes.open() || d.errands.open() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := d.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step does what is due and one act more.
func (d *driver) step(ctx context.Context) error {
	for len(d.later) > 0 && !d.later[0].at.After(time.Now()) {
		deed := d.later[0]
		d.later = d.later[1:]
		if err := deed.do(ctx); err != nil {
			return err
		}
	}
	if time.Since(d.learned) > learnEvery && slices.ContainsFunc(d.talks, func(t *talk) bool { return t.n > 0 && t.root == "" }) {
		d.learned = time.Now()
		if err := d.learn(ctx); err != nil {
			return err
		}
	}
	if done, err := d.runErrand(ctx); done || err != nil {
		return err
	}
	if done, err := d.grant(ctx); done || err != nil {
		return err
	}
	if d.mails+d.replies == 0 {
		return nil
	}
	t := d.talks[d.rng.IntN(len(d.talks))]
	switch {
	case t.n == 0 && d.mails > 0, d.rng.IntN(d.mails+d.replies) < d.mails:
		return d.many(d.mails, func(last bool) error { return d.mail(ctx, t, last) })
	case t.root != "" && time.Now().After(t.rests):
		return d.typeIn(ctx, t)
	}
	return nil
}

// many does an act mostly once, sometimes a few times on end. last tells the act that no other
// follows.
func (d *driver) many(most int, act func(last bool) error) error {
	n := 1
	if d.rng.IntN(100) < 16 {
		n = min(2+d.rng.IntN(3), max(most, 1))
	}
	return d.repeat(n, act)
}

// repeat does an act n times on end.
func (d *driver) repeat(n int, act func(last bool) error) error {
	if n > 1 {
		d.done.Bursts++
	}
	for i := range n {
		if err := act(i == n-1); err != nil {
			return err
		}
	}
	return nil
}

// learn finds the threads of the conversations, and which of them are resolved.
func (d *driver) learn(ctx context.Context) error {
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

// mail lets the customer write: a first mail, one more, or an answer to the last one
// received.
func (d *driver) mail(ctx context.Context, t *talk, last bool) error {
	from := fmt.Sprintf("Customer %03d <%s>", t.conv, world.Customer(t.conv))
	about := t.mark(judge.Said)
	t.over = max(t.over-1, 0)
	if !last {
		d.bursts.add(about)
	}
	text := d.words(about)
	d.mails--
	d.done.Mails++
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
	if t.root != "" && d.rng.IntN(3) > 0 {
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
	if t.first != "" {
		m.Subject, m.InReplyTo, m.References = "Re: "+m.Subject, t.first, []string{t.first}
	}
	sent, err := d.wire.Send(ctx, m)
	t.first = sent.MessageID
	return err
}

// typeIn lets a teammate type in the thread: mostly a reply of the agent who holds it.
func (d *driver) typeIn(ctx context.Context, t *talk) error {
	switch n := d.rng.IntN(100); {
	case n < 12, d.done.Inside == 0 && d.replies < 10: // a run without remarks inside would not see one leak
		return d.typeInside(ctx, t)
	case n < 16:
		return d.typeAndDelete(ctx, t)
	case n < 18:
		d.done.Solved++
		t.over = 2
		return d.command(ctx, t, judge.Record{Did: judge.ActResolve}, "resolve")
	case n < 20:
		d.done.Handed++
		return d.command(ctx, t, judge.Record{Did: judge.ActHandOver, Team: judge.OtherTeam}, "assign #"+judge.OtherTeam)
	case n < 21:
		d.done.Handed++
		return d.command(ctx, t, judge.Record{Did: judge.ActUnassign}, "unassign")
	}
	return d.many(d.replies, func(last bool) error { return d.reply(ctx, t, last) })
}

// reply types what is for the customer, and sometimes corrects it.
func (d *driver) reply(ctx context.Context, t *talk, last bool) error {
	m := t.mark(judge.Out)
	d.done.Replies++
	d.replies--
	if t.bounces {
		m.Kind = judge.Back
		d.done.Backs++
		d.done.Replies--
		d.backs.add(m)
	} else if !last {
		d.bursts.add(m)
	}
	d.taken.noteTyped(m)
	id, err := d.say(ctx, t, t.agent, d.traits.Reply(d.words(m), m.N), judge.Record{Did: judge.ActType, Mark: m})
	if err == nil && last && d.rng.IntN(100) < 8 {
		d.edit(t, id, m)
	}
	return err
}

// edit corrects a reply a moment after it was typed.
func (d *driver) edit(t *talk, id string, m judge.Mark) {
	d.done.Edits++
	now := t.mark(judge.Fixed)
	text := d.traits.Reply(d.words(m), m.N) + " (corrected: " + now.String() + ")"
	d.soon(func(ctx context.Context) error {
		if err := d.chat.Edit(ctx, t.agent, id, text); err != nil {
			return err
		}
		d.said = append(d.said, judge.Record{At: time.Now(), Did: judge.ActEdit, Mark: now, Conv: t.conv, Root: t.root, ID: id, Heard: true})
		return nil
	})
}

// say types in a conversation's thread and enters it into the ledger.
func (d *driver) say(ctx context.Context, t *talk, who, text string, r judge.Record) (id string, err error) {
	if id, err = d.chat.Say(ctx, who, t.root, text); err != nil {
		return "", err
	}
	r.At, r.Conv, r.Root, r.ID, r.By, r.Heard = time.Now(), t.conv, t.root, id, who, d.traits.Heard(text)
	d.said = append(d.said, r)
	return id, nil
}

// command types a command of the agent who holds the conversation.
func (d *driver) command(ctx context.Context, t *talk, r judge.Record, words string) error {
	_, err := d.say(ctx, t, t.agent, d.traits.Command(words), r)
	return err
}

// typeInside types words that must never reach the customer, in one of the forms that say so.
func (d *driver) typeInside(ctx context.Context, t *talk) error {
	m := t.mark(judge.Inside)
	d.done.Inside++
	ways := d.traits.Inside(t.agent, t.colleague, d.words(m))
	way := ways[d.rng.IntN(len(ways))]
	_, err := d.say(ctx, t, way.Who, way.Text, judge.Record{Did: judge.ActType, Mark: m})
	return err
}

// typeAndDelete takes a reply back within the hold.
func (d *driver) typeAndDelete(ctx context.Context, t *talk) error {
	m := t.mark(judge.Gone)
	d.taken.noteTyped(m)
	id, err := d.say(ctx, t, t.agent, d.traits.Reply(d.words(m), m.N), judge.Record{Did: judge.ActType, Mark: m})
	if err != nil {
		return err
	}
	d.done.Deletes++
	d.soon(func(ctx context.Context) error {
		d.taken.noteDeleted(id, m)
		if err := d.chat.TakeBack(ctx, t.agent, id); err != nil {
			return err
		}
		d.said = append(d.said, judge.Record{At: time.Now(), Did: judge.ActDelete, Conv: t.conv, Root: t.root, ID: id, Heard: true})
		return nil
	})
	return nil
}

// soon does something a moment later, well within the hold.
func (d *driver) soon(do func(context.Context) error) {
	d.later = append(d.later, deed{time.Now().Add(300 * time.Millisecond), do})
}

// words makes a text around a mark.
func (d *driver) words(m judge.Mark) string {
	list := []string{
		"Thank you for your patience, this is %s.", "Here is what I found: %s", "Please look at %s and tell me whether it works now.",
		"About %s:\n\nit was the cable.", "Hello again, %s.\nBest wishes", "%s",
	}
	return fmt.Sprintf(list[d.rng.IntN(len(list))], m)
}
