package mailbox

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailid"
	"parley/channels/email/rawmail"
	"parley/channels/pause"
)

// fate is the result of fetching a mail.
type fate int

const (
	fateFetched    fate = iota
	fateGone            // it is proven to be no longer in the folder
	fateSkipped         // in the folder of sent mail: Parley sent it, or it is old
	fateOld             // it was there before the account was set up
	fateUnreadable      // maxTries attempts failed
)

// outcome is a mail with its fate.
type outcome struct {
	uid  imap.UID
	fate fate
	mail *fetched
}

// taking is the state of one call of take. Only the goroutine that fetches uses it.
type taking struct {
	f     *fetcher
	d     *folder
	s     *imapSession
	known map[imap.UID]*fetched // sizes and dates that were fetched ahead
	asked imap.UID              // sizes and dates were fetched up to this mail
	held  func()                // releases the memory reserved for this batch; nil = none is reserved
}

// take fetches mails of the selected folder in the order of their UIDs, a batch at a time. It stores
// each batch and then calls took, which moves the watermark. While a batch is being stored, the next
// one is fetched. took is called on another goroutine, which ends before take returns.
func (f *fetcher) take(ctx context.Context, s *imapSession, d *folder, validity uint32, uids []imap.UID,
	took func(context.Context, []outcome) error) error {
	t := &taking{f: f, d: d, s: s, known: map[imap.UID]*fetched{}}
	var stored chan error // the result of storing the previous batch
	for len(uids) > 0 {
		done, err := t.batch(ctx, uids)
		if stored != nil {
			if before := <-stored; before != nil {
				err = before
			}
		}
		if err != nil {
			t.release()
			return err
		}
		uids = uids[len(done):]
		stored = make(chan error, 1)
		go func(held func()) {
			if held != nil {
				defer held()
			}
			stored <- f.store(ctx, d, done, validity, took)
		}(t.held)
		t.held = nil
	}
	if stored == nil {
		return nil
	}
	return <-stored
}

// store stores mails and then calls took.
func (f *fetcher) store(
	ctx context.Context, d *folder, done []outcome, validity uint32, took func(context.Context, []outcome) error,
) error {
	var facts []channels.Fact
	for _, o := range done {
		if fact, ok := d.fact(o, validity); ok {
			facts = append(facts, fact)
		}
	}
	if err := f.accept(ctx, facts); err != nil {
		return err
	}
	return took(ctx, done)
}

// release releases the memory reserved for a batch that is not stored.
func (t *taking) release() {
	if t.held != nil {
		t.held()
		t.held = nil
	}
}

// batch fetches the first of the mails: as many as fit into a batch, but one alone if it is large or
// may break the connection.
func (t *taking) batch(ctx context.Context, uids []imap.UID) ([]outcome, error) {
	n := 1
	if uids[0] > t.d.careful {
		if err := t.ask(uids[:min(batchSize, len(uids))]); err != nil {
			return nil, err
		}
		n = t.together(uids)
	}
	if n > 1 {
		if err := t.bodies(ctx, uids[:n]); err != nil {
			return nil, err
		}
	}
	done := make([]outcome, 0, n)
	for _, uid := range uids[:n] {
		o := outcome{uid: uid, mail: t.known[uid]}
		delete(t.known, uid)
		switch {
		case o.mail != nil && t.d.old(o.mail):
			o.fate = fateOld
		case o.mail == nil || !o.mail.whole:
			var err error
			if o, err = t.alone(ctx, uid, o.mail); err != nil {
				return nil, err
			}
		}
		delete(t.d.tries, uid)
		done = append(done, o)
	}
	return done, nil
}

// ask fetches sizes and dates of mails, unless it has done so already.
func (t *taking) ask(uids []imap.UID) error {
	if uids[0] <= t.asked {
		return nil
	}
	mails, err := t.s.fetchFacts(uids)
	for uid, m := range mails {
		t.known[uid] = m
	}
	t.asked = uids[len(uids)-1]
	return t.blame(err, t.asked)
}

// blame records that one of the mails up to last may have broken the connection, so that the next
// session fetches them one by one. It returns nil if the server only refused a command: then the
// connection still works.
func (t *taking) blame(err error, last imap.UID) error {
	if err == nil || refused(err) {
		return nil
	}
	t.d.careful = max(t.d.careful, last)
	return err
}

// together returns how many of the mails, from the first on, fit into one batch; at least 1.
func (t *taking) together(uids []imap.UID) int {
	var bytes int64
	n := 0
	for n < len(uids) && uids[n] <= t.asked && t.known[uids[n]] != nil {
		if bytes += t.size(uids[n]); bytes > t.f.c.opts.MaxJoin {
			break
		}
		n++
	}
	return max(n, 1)
}

// size returns how many bytes of a mail will be in memory. A mail of unknown size counts as too large for
// a batch.
func (t *taking) size(uid imap.UID) int64 {
	m := t.known[uid]
	switch {
	case t.d.old(m):
		return 0
	case m.sizeBytes > t.f.c.opts.MaxBody:
		return rawmail.MaxHeaderBytes
	case m.sizeBytes <= 0:
		return t.f.c.opts.MaxJoin + 1
	}
	return m.sizeBytes
}

// bodies fetches the bodies of mails with one command.
func (t *taking) bodies(ctx context.Context, uids []imap.UID) error {
	var wanted []imap.UID
	var bytes int64
	for _, uid := range uids {
		if !t.d.old(t.known[uid]) {
			wanted = append(wanted, uid)
			bytes += t.size(uid)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var err error
	if t.held, err = t.f.c.limits.Reserve(ctx, bytes, false); err != nil {
		return err
	}
	return t.blame(t.s.fetchBodies(wanted, t.known, t.f.c.opts), uids[len(uids)-1])
}

// alone fetches one mail, or finds out why it can't be fetched. An attempt is counted before it is made,
// because it may break the connection. known has size and date if they were fetched before; else nil.
func (t *taking) alone(ctx context.Context, uid imap.UID, known *fetched) (outcome, error) {
	f := t.f
	for t.d.tries[uid] < maxTries {
		t.d.tries[uid]++
		m, err := t.try(ctx, uid, known, t.d.tries[uid] == maxTries)
		known = nil
		if err != nil && ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
		if err := t.blame(err, uid); err != nil {
			return outcome{}, err
		}
		if m != nil && t.d.old(m) {
			return outcome{uid: uid, fate: fateOld, mail: m}, nil
		}
		if m != nil && m.whole {
			f.recovered(t.d, uid)
			return outcome{uid: uid, fate: fateFetched, mail: m}, nil
		}
		there, err := t.s.exists(uid)
		if err != nil {
			return outcome{}, err
		}
		if !there {
			return outcome{uid: uid, fate: fateGone}, nil
		}
		pause.For(ctx, f.c.opts.Timing.Again)
		if ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
	}
	t.d.bad[uid] = true
	f.hurry()
	f.c.log.Error("mail can't be read, quarantined", "folder", t.d.name, "uid", uid)
	return outcome{uid: uid, fate: fateUnreadable}, nil
}

// hurry makes the next rescan come soon, because a mail that can't be read now may be readable in a
// minute. Each time it waits twice as long, up to the usual time between rescans.
func (f *fetcher) hurry() {
	t := f.c.opts.Timing
	f.badWait = min(max(2*f.badWait, t.RescanBad), t.Rescan)
	f.lookBack.Reset(jitter(f.badWait))
}

// recovered records that a mail could be read.
func (f *fetcher) recovered(d *folder, uid imap.UID) {
	if delete(d.bad, uid); len(f.inbox.bad)+len(f.sent.bad) == 0 {
		f.badWait = 0
	}
}

// try makes one attempt to fetch a mail. With bodyOnly it doesn't ask for size and date first, because
// those may be what the server fails at.
func (t *taking) try(ctx context.Context, uid imap.UID, known *fetched, bodyOnly bool) (*fetched, error) {
	mails := map[imap.UID]*fetched{uid: {uid: uid}}
	switch {
	case bodyOnly:
	case known != nil:
		mails[uid] = known
	default:
		var err error
		if mails, err = t.s.fetchFacts([]imap.UID{uid}); err != nil {
			return nil, err
		}
	}
	m := mails[uid]
	if m == nil || t.d.old(m) {
		return m, nil
	}
	if t.held == nil { // a batch of one mail; larger batches have reserved memory for all their mails
		size := m.sizeBytes
		if size <= 0 || size > t.f.c.opts.MaxBody {
			size = t.f.c.opts.MaxBody
		}
		var err error
		if t.held, err = t.f.c.limits.Reserve(ctx, size, size > t.f.c.opts.MaxJoin); err != nil {
			return nil, err
		}
	}
	return m, t.s.fetchBodies([]imap.UID{uid}, mails, t.f.c.opts)
}

// fact returns the fact that is stored for an outcome; false if nothing is stored.
func (d *folder) fact(o outcome, validity uint32) (channels.Fact, bool) {
	if o.fate != fateFetched && o.fate != fateUnreadable {
		return channels.Fact{}, false
	}
	head := inbound.Envelope{V: 1, Folder: d.name, UID: uint32(o.uid), UIDValidity: validity, Sent: d.sent}
	fact := channels.Fact{OrderKey: mailOrder}
	var mail *fetched
	if o.fate == fateFetched {
		head.InternalDate, head.SizeBytes, head.Truncated = o.mail.at, o.mail.sizeBytes, o.mail.truncated
		mail = o.mail
		fact.ExternalID = mailid.Fact(mail.raw)
		if d.sent {
			fact.ExternalID = mailid.SentFact(mail.raw)
		}
	} else {
		fact.ExternalID = fmt.Sprintf("uid:%.200s:%d:%d", d.name, validity, o.uid)
		fact.Quarantine = "The mail server does not hand this mail out."
	}
	fact.Payload = mail.behind(head.Line())
	return fact, true
}
