package email

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/pause"
)

const (
	// batchSize is how many mails are fetched and stored together; a command that names
	// them all stays shorter than 1,000 bytes, which every server takes (RFC 2683
	// section 3.2.1.5).
	batchSize = 50
	// maxTries is how often a mail is asked for on its own before it is quarantined.
	maxTries = 3
	// mailOrder is the order key of every fact: a mailbox is one order.
	mailOrder = "mail"
)

// look fetches what is new, in the order in which it arrived, and what looking back finds when
// that is due. It leaves the inbox open.
func (f *fetcher) look(ctx context.Context, s *imapSession) error {
	sent, err := f.newSent(ctx, s) // before the inbox: an answer is newer than what it answers
	if err != nil {
		return err
	}
	if err := s.enter(f.inbox.name, f.inbox.mark.UIDValidity); err != nil {
		return err
	}
	uids, err := s.searchAfter(f.inbox.mark.Last)
	if err != nil {
		return err
	}
	if err := f.takeInOrder(ctx, s, f.inbox.mark.UIDValidity, uids, sent, f.advance); err != nil {
		return err
	}
	if !f.due {
		return nil
	}
	f.due = false // before it: what kills the connection must not do so at once again
	f.lookBack.Reset(jitter(cmp.Or(f.badWait, f.c.opts.timing.rescan)))
	if err := f.rescan(ctx, s, f.inbox, f.advance); err != nil {
		return err
	}
	return f.rescanSent(ctx, s)
}

// searchAfter finds the mails of the open folder behind a UID.
func (s *imapSession) searchAfter(last imap.UID) ([]imap.UID, error) {
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: last + 1, Stop: 0}}}})
	// "n:*" finds the last mail even below n.
	return slices.DeleteFunc(found, func(uid imap.UID) bool { return uid <= last }), err
}

// rescan looks for mail of the last days that showed up below the watermark of the open folder,
// and once more for what was quarantined.
func (f *fetcher) rescan(ctx context.Context, s *imapSession, d *folder, took func(context.Context, []outcome) error) error {
	found, err := f.since(s, d.mark.NewestAt)
	if err != nil {
		return err
	}
	var uids, again []imap.UID
	for _, uid := range found {
		if uid < d.mark.First || uid > d.mark.Last || d.mark.has(uid) {
			continue
		}
		if d.bad[uid] {
			d.tries[uid] = maxTries - 1
			again = append(again, uid)
			continue
		}
		uids = append(uids, uid)
	}
	for _, list := range [][]imap.UID{uids, again} { // the bad ones last: they may end the connection
		if err := f.take(ctx, s, d, d.mark.UIDValidity, list, took); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		d.mark.forget(found[0])
	}
	return nil
}

// since finds the mail that arrived after a moment, and in the days before it.
func (f *fetcher) since(s *imapSession, at time.Time) ([]imap.UID, error) {
	day := at.Add(-f.c.opts.timing.overlap)
	return s.search(&imap.SearchCriteria{Since: day})
}

// advance moves the watermark over mails that have been dealt with and saves it.
func (f *fetcher) advance(ctx context.Context, done []outcome) error {
	f.inbox.mark.note(done, f.c.env.Now())
	return f.save(ctx, f.inbox.mark)
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

// accept has facts stored, however long that takes: a mail must not be passed over.
func (f *fetcher) accept(ctx context.Context, facts []channels.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return f.persist(ctx, func() error { return f.c.env.Accept(ctx, facts...) })
}

// save makes a watermark durable and valid, together with that of the folder of sent mail.
func (f *fetcher) save(ctx context.Context, m *mark) error {
	m.Sent = f.sent.mark
	if err := f.persist(ctx, func() error { return f.c.saveMark(ctx, m) }); err != nil {
		return err
	}
	f.inbox.mark = m
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
		pause.For(ctx, jitter(wait))
		wait = min(2*wait, f.c.opts.timing.storeMax)
	}
}
