package mailbox

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// clockDoubt is how far the mail server's clock may be behind the database's. Mail that was received
// up to this long before the account was set up is fetched as well, so that none is missed.
const clockDoubt = 10 * time.Minute

// firstLookSince returns the time of arrival from which on the first look fetches mail. The zero time means that it fetches nothing
// that is there already.
func (c *Mailbox) firstLookSince() time.Time {
	if c.beginsAt.IsZero() {
		return time.Time{}
	}
	return c.beginsAt.Add(-clockDoubt).UTC()
}

// alignInbox makes the watermark fit the inbox that was just selected.
//
// Without a watermark, this is the first look, which fetches the mail since the account was set up. It is
// the first look, too, if the account was given another mailbox since.
//
// If UIDVALIDITY changed, or if the mailbox moved to another server, all known UIDs are void. Then the last
// days are fetched again, and Accept recognises the mails that are stored already.
func (f *fetcher) alignInbox(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	m := f.inbox.mark
	if m == nil {
		return f.firstLook(ctx, s, data)
	}

	switch {
	case f.box.isElsewhere(m) && m.Address != f.box.ownAddress(): // another mailbox
		f.newestInOldMailbox = m.NewestAt
		f.inbox.mark = nil
		f.sent.mark = nil
		return f.firstLook(ctx, s, data)
	case f.box.isElsewhere(m): // the same mailbox at another server
		if f.sent.mark != nil {
			f.sent.mark.UIDValidity = 0 // no server has it: alignSent will make a new watermark
		}
		return f.startOver(ctx, s, data)
	case m.UIDValidity != data.UIDValidity:
		return f.startOver(ctx, s, data)
	case f.box.needsIdentity(m):
		m.Server, m.Address = f.box.serverAndUser(), f.box.ownAddress()
		m.Sender, m.MovedAt = f.box.sender(), f.movedAt
		return f.save(ctx, m)
	}
	return nil
}

// needsIdentity reports whether a watermark doesn't name the account's present address and servers, because they were changed, or because
// an earlier version of Parley wrote it.
func (c *Mailbox) needsIdentity(m *mark) bool {
	return m.Address != c.ownAddress() || m.Server != c.serverAndUser() || m.Sender != c.sender()
}

// firstLookSince is Mailbox.firstLookSince, unless the account was given another mailbox. That may be the old one under another name, so
// mail is fetched from the newest one that is known on, but not from earlier than Timing.Overlap before the account was set up.
func (f *fetcher) firstLookSince() time.Time {
	from := f.box.firstLookSince()
	newest := f.newestInOldMailbox
	hasOldMailbox := !newest.IsZero() && newest.Before(from)
	if !hasOldMailbox {
		return from
	}
	earliest := from.Add(-f.box.opts.Timing.Overlap)
	if newest.Before(earliest) {
		return earliest
	}
	return newest
}

// firstLook makes the first watermark, behind all mail in the inbox, and fetches the mail that came since
// the account was set up. It saves the watermark last: after a crash it starts again.
func (f *fetcher) firstLook(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	newMark, err := f.markAtEnd(s, f.inbox.name, data)
	if err != nil {
		return err
	}

	from := f.firstLookSince()
	newMark.SentFrom = from
	newMark.MovedAt = f.movedAt
	taken := 0
	if !from.IsZero() {
		newMark.NewestAt = from
		newMark.StartedAt = from
		taken, err = f.readLastDays(ctx, s, newMark, from)
		if err != nil {
			return err
		}
	}

	newMark.Left = max(0, int(data.NumMessages)-taken)
	f.box.log.Info("first look into the folder", "folder", newMark.Folder, "mails_fetched", taken,
		"older_mails_left", newMark.Left, "since", from)
	return f.save(ctx, newMark)
}

// startOver makes a new watermark after the folder's mails got other UIDs, and fetches the mail of the last
// days again. It leaves out mail that arrived before the account was set up.
func (f *fetcher) startOver(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	f.inbox.forgetTrouble()
	newMark, err := f.markAtEnd(s, f.inbox.name, data)
	if err != nil {
		return err
	}

	oldMark := f.inbox.mark
	newMark.inherit(oldMark)
	newMark.MovedAt = f.movedAt
	taken, err := f.readLastDays(ctx, s, newMark, oldMark.StartedAt)
	if err != nil {
		return err
	}

	newMark.First = 1 // so that a rescan also fetches mails that appear late, whatever their UIDs
	f.box.log.Info("the folder's mails have other UIDs, read the last days again", "old", oldMark.UIDValidity, "new", data.UIDValidity,
		"mails_fetched", taken)
	return f.save(ctx, newMark)
}

// inherit takes over what doesn't depend on UIDs.
func (m *mark) inherit(old *mark) {
	m.NewestAt, m.StartedAt = old.NewestAt, old.StartedAt
	m.Left, m.SentFrom = old.Left, old.SentFrom
}

// markAtEnd returns a watermark behind all mails that are in the folder now.
func (f *fetcher) markAtEnd(s *imapSession, name string, data *imap.SelectData) (*mark, error) {
	now := f.box.env.Now()
	m := &mark{
		Folder:      name,
		UIDValidity: data.UIDValidity,
		First:       data.UIDNext,
		Server:      f.box.serverAndUser(),
		Address:     f.box.ownAddress(),
		Sender:      f.box.sender(),
	}
	if data.NumMessages > 0 {
		newestUID, arrivedAt, err := s.newestMail(data.NumMessages)
		if err != nil {
			return nil, err
		}

		if m.First == 0 { // the server did not tell UIDNEXT
			m.First = newestUID + 1
		}
		if arrivedAt.IsZero() || arrivedAt.After(now) { // no INTERNALDATE, or a clock that is ahead
			arrivedAt = now
		}
		m.StartedAt = arrivedAt.UTC()
	}

	m.First = max(m.First, 1)
	m.Last = m.First - 1
	m.raiseNewestAt(m.StartedAt, now)
	if m.NewestAt.IsZero() {
		m.NewestAt = now.UTC()
	}

	return m, nil
}

// readLastDays fetches the inbox's mail of the last days, and new mail of the folder of sent mail. Mail of the inbox that arrived at
// oldUntil or before is left out; the zero time leaves out none. It notes the mails in newMark, which is not saved yet, and returns
// how many it took from the inbox.
func (f *fetcher) readLastDays(ctx context.Context, s *imapSession, newMark *mark, oldUntil time.Time) (taken int, err error) {
	sent, err := f.listNewSent(ctx, s) // before the inbox is searched: see fetchNew
	if err != nil {
		return 0, err
	}
	if err := s.selectFolder(f.inbox.name, newMark.UIDValidity); err != nil {
		return 0, err
	}

	uids, err := f.searchSince(s, newMark.NewestAt)
	if err != nil {
		return 0, err
	}

	f.inbox.oldUntil = oldUntil // read by folder.go, which leaves out old mail
	defer func() { f.inbox.oldUntil = time.Time{} }()
	err = f.fetchInOrder(ctx, s, newMark.UIDValidity, newMails{uids, sent}, func(_ context.Context, done []outcome) error {
		for _, o := range done {
			if o.result == resultFetched || o.result == resultUnreadable {
				newMark.First = min(newMark.First, o.uid)
				taken++
			}
		}

		newMark.noteOutcomes(done, f.box.env.Now())
		return nil
	})

	return taken, err
}
