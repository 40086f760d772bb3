package mailbox

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
	// batchSize is how many mails are fetched and stored together. A command that names that many
	// UIDs stays below 1,000 bytes, which every server accepts (RFC 2683 section 3.2.1.5).
	batchSize = 50
	// maxTries is how often a mail is fetched on its own before it is quarantined.
	maxTries = 3
	// mailOrder is the order key of all facts: the mails of a mailbox are applied one after the other.
	mailOrder = "mail"
)

// look fetches new mail in the order in which it arrived. When f.due is set, it also rescans the last
// days. It leaves the inbox selected.
func (f *fetcher) look(ctx context.Context, s *imapSession) error {
	// Sent mail is looked for first: so every answer that is found has its question in the inbox.
	sent, err := f.newSent(ctx, s)
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
	f.due = false // reset first: a mail that breaks the connection must not do so again at once
	f.lookBack.Reset(jitter(cmp.Or(f.badWait, f.c.opts.Timing.Rescan)))
	if err := f.rescan(ctx, s, f.inbox, f.advance); err != nil {
		return err
	}
	return f.rescanSent(ctx, s)
}

// searchAfter returns the UIDs above last in the selected folder.
func (s *imapSession) searchAfter(last imap.UID) ([]imap.UID, error) {
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: last + 1, Stop: 0}}}})
	// "n:*" always finds the newest mail, even if its UID is below n.
	return slices.DeleteFunc(found, func(uid imap.UID) bool { return uid <= last }), err
}

// rescan fetches mail of the last days that appeared below the watermark of the selected folder d, and
// tries quarantined mails once more. took is called for each batch that was dealt with.
func (f *fetcher) rescan(
	ctx context.Context, s *imapSession, d *folder, took func(context.Context, []outcome) error,
) error {
	found, err := f.since(s, d.mark.NewestAt)
	if err != nil {
		return err
	}
	var uids, quarantined []imap.UID
	for _, uid := range found {
		if uid < d.mark.First || uid > d.mark.Last || d.mark.has(uid) {
			continue
		}
		if d.bad[uid] {
			d.tries[uid] = maxTries - 1
			quarantined = append(quarantined, uid)
			continue
		}
		uids = append(uids, uid)
	}
	for _, list := range [][]imap.UID{uids, quarantined} { // quarantined ones last: they may break the connection
		if err := f.take(ctx, s, d, d.mark.UIDValidity, list, took); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		d.mark.forget(found[0])
	}
	return nil
}

// since returns the UIDs of the mails that arrived after at, or less than Timing.Overlap before it.
func (f *fetcher) since(s *imapSession, at time.Time) ([]imap.UID, error) {
	day := at.Add(-f.c.opts.Timing.Overlap)
	return s.search(&imap.SearchCriteria{Since: day})
}

// advance adds mails that have been dealt with to the inbox's watermark and saves it.
func (f *fetcher) advance(ctx context.Context, done []outcome) error {
	f.inbox.mark.note(done, f.c.env.Now())
	return f.save(ctx, f.inbox.mark)
}

// note adds mails that have been dealt with to the watermark. Quarantined mails only raise Last, so
// that a rescan tries them again.
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

// accept stores facts and repeats that until it works, because no mail may be lost. Errors: ctx ended.
func (f *fetcher) accept(ctx context.Context, facts []channels.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return f.persist(ctx, func() error { return f.c.env.Accept(ctx, facts...) })
}

// save stores the inbox's watermark together with that of the folder of sent mail, and then uses it.
func (f *fetcher) save(ctx context.Context, m *mark) error {
	m.Sent = f.sent.mark
	if err := f.persist(ctx, func() error { return f.c.saveMark(ctx, m) }); err != nil {
		return err
	}
	f.inbox.mark = m
	return nil
}

// persist repeats do, which needs the database, until it works. Errors: ctx ended.
func (f *fetcher) persist(ctx context.Context, do func() error) error {
	wait := f.c.opts.Timing.StoreFirst
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
		wait = min(2*wait, f.c.opts.Timing.StoreMax)
	}
}
