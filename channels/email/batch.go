package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
)

const (
	// batchSize is how many mails one command asks for: servers answer long lists badly.
	batchSize = 10
	// maxTries is how often a mail is asked for on its own before it is quarantined.
	maxTries = 3
	// mailOrder is the order key of every fact: a mailbox is one order.
	mailOrder = "mail"
)

// align compares the folder with the watermark: the first start notes where new mail
// begins; a changed UIDVALIDITY makes all UIDs void, so the last days are read again
// and Accept knows what it has.
func (f *fetcher) align(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	if f.mark == nil {
		return f.begin(ctx, s, data)
	}
	if f.mark.UIDValidity == data.UIDValidity {
		return nil
	}
	f.c.log.Info("UIDVALIDITY changed, reading the last days again", "old", f.mark.UIDValidity, "new", data.UIDValidity)
	f.tries, f.bad, f.careful = map[imap.UID]int{}, map[imap.UID]bool{}, 0
	uids, err := f.since(s)
	if err != nil {
		return err
	}
	// Saved only when all is stored: after a crash it starts again from the old mark.
	next := &mark{
		Folder: f.c.set.folder, UIDValidity: data.UIDValidity, First: 1,
		NewestAt: f.mark.NewestAt, StartedAt: f.mark.StartedAt,
	}
	if data.UIDNext > 0 {
		next.Last = data.UIDNext - 1
	}
	took := func(ctx context.Context, done []outcome) error {
		next.note(done, f.c.env.Now())
		return nil
	}
	f.aligning = true
	err = f.take(ctx, s, data.UIDValidity, uids, took)
	f.aligning = false
	if err != nil {
		return err
	}
	return f.save(ctx, next)
}

// begin notes where new mail starts: mail that is there already is not a request.
func (f *fetcher) begin(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	now := f.c.env.Now()
	m := &mark{Folder: f.c.set.folder, UIDValidity: data.UIDValidity, First: data.UIDNext}
	if data.NumMessages > 0 {
		uid, at, err := s.newest(data.NumMessages)
		if err != nil {
			return err
		}
		if m.First == 0 { // the server did not tell UIDNEXT
			m.First = uid + 1
		}
		if at.IsZero() || at.After(now) {
			at = now
		}
		m.StartedAt = at.UTC()
	}
	m.First = max(m.First, 1)
	m.Last = m.First - 1
	m.arrived(m.StartedAt, now)
	if m.NewestAt.IsZero() {
		m.NewestAt = now.UTC()
	}
	return f.save(ctx, m)
}

// look fetches what is new, and what looking back finds when that is due.
func (f *fetcher) look(ctx context.Context, s *imapSession) error {
	all := imap.UIDSet{{Start: f.mark.Last + 1, Stop: 0}}
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{all}})
	if err != nil {
		return err
	}
	// "n:*" finds the last mail even below n.
	uids := slices.DeleteFunc(found, func(uid imap.UID) bool { return uid <= f.mark.Last })
	if err := f.take(ctx, s, f.mark.UIDValidity, uids, f.advance); err != nil {
		return err
	}
	if !f.due {
		return nil
	}
	f.due = false // before it: what kills the connection must not do so at once again
	f.lookBack.Reset(jitter(f.c.opts.timing.rescan))
	return f.rescan(ctx, s)
}

// rescan looks for mail of the last days that showed up below the watermark, and once
// more for what was quarantined.
func (f *fetcher) rescan(ctx context.Context, s *imapSession) error {
	found, err := f.since(s)
	if err != nil {
		return err
	}
	var uids, again []imap.UID
	for _, uid := range found {
		if uid < f.mark.First || uid > f.mark.Last || f.mark.has(uid) {
			continue
		}
		if f.bad[uid] {
			f.tries[uid] = maxTries - 1
			again = append(again, uid)
			continue
		}
		uids = append(uids, uid)
	}
	for _, list := range [][]imap.UID{uids, again} { // the bad ones last: they may end the connection
		if err := f.take(ctx, s, f.mark.UIDValidity, list, f.advance); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		f.mark.forget(found[0])
	}
	return nil
}

// since finds the mail that arrived in the days before the watermark.
func (f *fetcher) since(s *imapSession) ([]imap.UID, error) {
	day := f.mark.NewestAt.Add(-f.c.opts.timing.overlap)
	return s.search(&imap.SearchCriteria{Since: day})
}

// advance moves the watermark over mails that have been dealt with and saves it.
func (f *fetcher) advance(ctx context.Context, done []outcome) error {
	f.mark.note(done, f.c.env.Now())
	return f.save(ctx, f.mark)
}

// note takes mails over into the watermark. Quarantined ones are passed over, but
// looking back tries them again.
func (m *mark) note(done []outcome, now time.Time) {
	for _, o := range done {
		m.Last = max(m.Last, o.uid)
		if o.fate != fateUnreadable {
			m.add(o.uid)
		}
		if o.mail != nil {
			m.arrived(o.mail.at, now)
		}
	}
}

// fate is what became of a mail.
type fate int

const (
	fateFetched    fate = iota
	fateGone            // proven: it is no longer there
	fateOld             // it was there before us
	fateUnreadable      // three tries failed
)

// outcome is a mail with its fate.
type outcome struct {
	uid  imap.UID
	fate fate
	mail *fetched
}

// take deals with mails in UID order, a batch at a time: fetch, have them stored, then
// tell took, which moves the watermark.
func (f *fetcher) take(ctx context.Context, s *imapSession, validity uint32, uids []imap.UID,
	took func(context.Context, []outcome) error) error {
	for len(uids) > 0 {
		n := min(batchSize, len(uids))
		if uids[0] <= f.careful {
			n = 1
		}
		done, err := f.batch(ctx, s, uids[:n])
		if err != nil {
			return err
		}
		var facts []channels.Fact
		for _, o := range done {
			if fact, ok := f.fact(o, validity); ok {
				facts = append(facts, fact)
			}
		}
		if err := f.accept(ctx, facts); err != nil {
			return err
		}
		if err := took(ctx, done); err != nil {
			return err
		}
		uids = uids[n:]
	}
	return nil
}

// batch finds out the fate of some mails.
func (f *fetcher) batch(ctx context.Context, s *imapSession, uids []imap.UID) ([]outcome, error) {
	mails := map[imap.UID]*fetched{}
	if len(uids) > 1 {
		var err error
		if mails, err = f.together(s, uids); err != nil {
			return nil, err
		}
	}
	done := make([]outcome, 0, len(uids))
	for _, uid := range uids {
		o := outcome{uid: uid, mail: mails[uid]}
		switch {
		case o.mail != nil && f.old(o.mail):
			o.fate = fateOld
		case o.mail == nil || !o.mail.whole:
			var err error
			if o, err = f.alone(ctx, s, uid); err != nil {
				return nil, err
			}
		}
		delete(f.tries, uid)
		done = append(done, o)
	}
	return done, nil
}

// old tells whether a mail was there before the first start. UIDs tell that, until
// UIDVALIDITY changes and they mean nothing any more.
func (f *fetcher) old(m *fetched) bool {
	return f.aligning && !m.at.IsZero() && !m.at.After(f.mark.StartedAt)
}

// together fetches several mails by few commands. When the connection breaks, nobody
// knows by which mail: the next session takes these one by one.
func (f *fetcher) together(s *imapSession, uids []imap.UID) (map[imap.UID]*fetched, error) {
	mails, err := s.fetchFacts(uids)
	if err == nil {
		var wanted []imap.UID
		for _, uid := range uids {
			if m := mails[uid]; m != nil && !f.old(m) {
				wanted = append(wanted, uid)
			}
		}
		err = s.fetchBodies(wanted, mails, f.c.opts)
	}
	if err != nil && !refused(err) {
		f.careful = max(f.careful, uids[len(uids)-1])
		return nil, err
	}
	return mails, nil
}

// alone gets one mail, or finds out why not. A try counts before it is made, since it
// may cost the connection.
func (f *fetcher) alone(ctx context.Context, s *imapSession, uid imap.UID) (outcome, error) {
	for f.tries[uid] < maxTries {
		f.tries[uid]++
		m, err := f.try(s, uid, f.tries[uid] == maxTries)
		if err != nil && !refused(err) {
			f.careful = max(f.careful, uid)
			return outcome{}, err
		}
		if m != nil && f.old(m) {
			return outcome{uid, fateOld, m}, nil
		}
		if m != nil && m.whole {
			delete(f.bad, uid)
			return outcome{uid, fateFetched, m}, nil
		}
		there, err := s.exists(uid)
		if err != nil {
			return outcome{}, err
		}
		if !there {
			return outcome{uid, fateGone, nil}, nil
		}
		f.pause(ctx, f.c.opts.timing.again)
		if ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
	}
	f.bad[uid] = true
	f.c.log.Error("mail can't be read, quarantined", "uid", uid)
	return outcome{uid, fateUnreadable, nil}, nil
}

// try asks for one mail. The last time it asks for the body only: size or date may be
// what the server can't say.
func (f *fetcher) try(s *imapSession, uid imap.UID, bodyOnly bool) (*fetched, error) {
	mails := map[imap.UID]*fetched{uid: {uid: uid}}
	if !bodyOnly {
		var err error
		if mails, err = s.fetchFacts([]imap.UID{uid}); err != nil {
			return nil, err
		}
	}
	m := mails[uid]
	if m == nil || f.old(m) {
		return m, nil
	}
	return m, s.fetchBodies([]imap.UID{uid}, mails, f.c.opts)
}

// fact makes what is stored of an outcome; false when there is nothing to store.
func (f *fetcher) fact(o outcome, validity uint32) (channels.Fact, bool) {
	if o.fate != fateFetched && o.fate != fateUnreadable {
		return channels.Fact{}, false
	}
	head := envelope{V: 1, Folder: f.c.set.folder, UID: uint32(o.uid), UIDValidity: validity}
	fact := channels.Fact{OrderKey: mailOrder}
	var raw []byte
	if o.fate == fateFetched {
		head.InternalDate, head.SizeBytes, head.Truncated = o.mail.at, o.mail.sizeBytes, o.mail.truncated
		raw = o.mail.raw
		fact.ExternalID = factID(raw)
	} else {
		fact.ExternalID = fmt.Sprintf("uid:%.200s:%d:%d", f.c.set.folder, validity, o.uid)
		fact.Quarantine = "The mail server does not hand this mail out."
	}
	line, err := json.Marshal(head)
	if err != nil { // a date beyond the year 9999
		head.InternalDate = time.Time{}
		line, _ = json.Marshal(head)
	}
	fact.Payload = append(append(line, '\n'), raw...)
	return fact, true
}

// accept has facts stored, however long that takes: a mail must not be passed over.
func (f *fetcher) accept(ctx context.Context, facts []channels.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return f.persist(ctx, func() error { return f.c.env.Accept(ctx, facts...) })
}

// save makes a watermark durable and valid.
func (f *fetcher) save(ctx context.Context, m *mark) error {
	if err := f.persist(ctx, func() error { return f.c.saveMark(ctx, m) }); err != nil {
		return err
	}
	f.mark = m
	return nil
}

// persist repeats what needs the database until it works. Errors: ctx ended.
func (f *fetcher) persist(ctx context.Context, do func() error) error {
	wait := f.c.opts.timing.storeFirst
	for {
		err := do()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, channels.ErrOverloaded) {
			f.c.log.Error("mailbox waits for the database", "error", err)
		}
		f.pause(ctx, jitter(wait))
		wait = min(2*wait, f.c.opts.timing.storeMax)
	}
}
