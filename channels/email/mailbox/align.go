package mailbox

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// This file adapts the watermark of the inbox at the start of a session. The watermark (mark.go) records up to which UID
// mails were fetched. It may be missing or obsolete:
//
//	no watermark, or another mailbox   first look: fetch the mail since the account was set up
//	other UIDs or another server       start over: fetch the mail of the last days again
//	same UIDs                          continue above the watermark
//
// Mails that are fetched twice do no harm: Accept, which stores them, recognises them.

// clockTolerance is how far the mail server's clock may be behind the database's. Mail that arrived up to this long
// before the account was set up is also fetched.
const clockTolerance = 10 * time.Minute

// firstLookSince returns from which time of arrival the first look fetches mail. If it is zero, the first look fetches
// nothing.
func (box *Mailbox) firstLookSince() time.Time {
	if box.beginsAt.IsZero() {
		return time.Time{}
	}
	return box.beginsAt.Add(-clockTolerance).UTC()
}

// alignInbox adapts the watermark to the inbox, which was just selected; data is the server's answer.
func (f *fetcher) alignInbox(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	m := f.inbox.mark
	if m == nil {
		return f.firstLook(ctx, s, data)
	}

	switch {
	case f.box.isElsewhere(m) && m.Address != f.box.ownAddress(): // the account got another mailbox
		f.newestInOldMailbox = m.NewestAt
		f.inbox.mark = nil
		f.sent.mark = nil
		return f.firstLook(ctx, s, data)
	case f.box.isElsewhere(m): // the mailbox moved to another server
		if f.sent.mark != nil {
			f.sent.mark.UIDValidity = 0 // an invalid value, which makes alignSent create a new watermark
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

// needsIdentity reports whether a watermark lacks the current address and servers of the account: they have changed, or
// an earlier version of Parley wrote the watermark.
func (box *Mailbox) needsIdentity(m *mark) bool {
	return m.Address != box.ownAddress() || m.Server != box.serverAndUser() || m.Sender != box.sender()
}

// firstLookSince is like Mailbox.firstLookSince, but goes further back if the account got another mailbox, which may be
// the old one under another name. It then returns the arrival of the newest known mail, but at most Timing.Overlap
// earlier than usual.
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

// firstLook creates a watermark at the end of the inbox, fetches the mail since the account was set up, and saves the
// watermark. After a crash it runs again.
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

// startOver creates a new watermark after the mails got new UIDs, and fetches the mail of the last days again. It skips
// mail that arrived before the account was set up.
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

	newMark.First = 1 // a rescan also fetches mails that appear late, whatever their UIDs
	f.box.log.Info("the folder's mails have other UIDs, read the last days again", "old", oldMark.UIDValidity, "new", data.UIDValidity,
		"mails_fetched", taken)
	return f.save(ctx, newMark)
}

// inherit copies the fields that don't depend on UIDs.
func (m *mark) inherit(old *mark) {
	m.NewestAt, m.StartedAt = old.NewestAt, old.StartedAt
	m.Left, m.SentFrom = old.Left, old.SentFrom
}

// markAtEnd returns a watermark above all mails that are in the folder now.
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

		if m.First == 0 { // the server didn't return UIDNEXT
			m.First = newestUID + 1
		}
		if arrivedAt.IsZero() || arrivedAt.After(now) { // no INTERNALDATE, or the server's clock is ahead
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

// readLastDays fetches the mail of the last days in the inbox, except mail that arrived at oldUntil or before, and new
// mail in the Sent folder. It updates newMark without saving it, and returns how many mails it fetched from the inbox.
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

	f.inbox.oldUntil = oldUntil // see folder.isOld
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
