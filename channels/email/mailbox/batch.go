package mailbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
)

// This file finds the mails to fetch. New mails have UIDs above the watermark (mark.go), which records up to which UID a
// folder was read. But some servers show a mail late, below the watermark: so a rescan looks for unknown UIDs among the
// mails of the last days, once an hour. It also retries quarantined mails, which could not be read.

const (
	// batchSize is how many mails are fetched and stored together. A command with that many UIDs stays below 1,000
	// bytes, which every server accepts (RFC 2683 section 3.2.1.5).
	batchSize = 50
	// maxTries is how often a mail is fetched on its own before it is quarantined.
	maxTries = 3
	// mailOrder is the order key of all facts: the mails of a mailbox are applied one after the other.
	mailOrder = "mail"
)

// fetchNew fetches the new mail of the inbox and of the Sent folder, in the order of arrival, and rescans both if a
// rescan is due. It leaves the inbox selected.
func (f *fetcher) fetchNew(ctx context.Context, s *imapSession) error {
	// The Sent folder is searched first, so that the question to each new answer is already in the inbox.
	sent, err := f.listNewSent(ctx, s)
	if err != nil {
		return err
	}
	if err := s.selectFolder(f.inbox.name, f.inbox.mark.UIDValidity); err != nil {
		return err
	}

	uids, err := s.searchAfter(f.inbox.mark.Last)
	if err != nil {
		return err
	}
	if err := f.fetchInOrder(ctx, s, f.inbox.mark.UIDValidity, newMails{uids, sent}, f.noteInbox); err != nil {
		return err
	}
	if !f.rescanDue {
		return nil
	}

	f.rescanDue = false // before the rescan: a mail that breaks the connection must not break the next one immediately
	f.rescanTimer.Reset(spreadALittle(cmp.Or(f.earlyRescanWait, f.box.opts.Timing.Rescan)))

	if err := f.rescan(ctx, s, f.inbox, f.noteInbox); err != nil {
		return err
	}

	return f.rescanSent(ctx, s)
}

// searchAfter returns the UIDs above last in the selected folder.
func (s *imapSession) searchAfter(last imap.UID) ([]imap.UID, error) {
	above := imap.UIDSet{{Start: last + 1, Stop: 0}}
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{above}})
	if err != nil {
		return nil, err
	}

	// By the standard, "n:*" always finds the newest mail. A server that finds nothing in a folder with mails doesn't
	// support it in searches (GNU Mailutils 3.15). Then a FETCH is tried.
	selected := s.client.Mailbox()
	hasMails := selected != nil && selected.NumMessages > 0
	if len(found) == 0 && hasMails {
		mails, err := s.fetchSet(above, &imap.FetchOptions{UID: true}, 0)
		if isRefusal(err) { // the server refuses an empty set
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		found = slices.Sorted(maps.Keys(mails))
	}
	return slices.DeleteFunc(found, func(uid imap.UID) bool { return uid <= last }), nil
}

// rescan fetches mails of the last days that appeared below the watermark of dir, the selected folder, and retries
// quarantined mails. It calls onStored for each batch.
func (f *fetcher) rescan(ctx context.Context, s *imapSession, dir *folder, onStored storedHandler) error {
	found, err := f.searchSince(s, dir.mark.NewestAt)
	if err != nil {
		return err
	}

	var uids, quarantined []imap.UID
	for _, uid := range found {
		isBelowMark := uid >= dir.mark.First && uid <= dir.mark.Last
		if !isBelowMark || dir.mark.isDone(uid) {
			continue
		}

		if dir.quarantined[uid] {
			dir.tries[uid] = maxTries - 1
			quarantined = append(quarantined, uid)
			continue
		}

		uids = append(uids, uid)
	}

	selected := selectedFolder{session: s, folder: dir, uidValidity: dir.mark.UIDValidity}
	if err := f.fetchAndStore(ctx, selected, uids, onStored); err != nil {
		return err
	}

	// Quarantined mails come last because they may break the connection.
	if err := f.fetchAndStore(ctx, selected, quarantined, onStored); err != nil {
		return err
	}
	if len(found) > 0 {
		dir.mark.dropDoneBelow(found[0])
	}

	return nil
}

// searchSince returns the UIDs of the mails that arrived after at or up to Timing.Overlap before it.
func (f *fetcher) searchSince(s *imapSession, at time.Time) ([]imap.UID, error) {
	day := at.Add(-f.box.opts.Timing.Overlap)
	return s.search(&imap.SearchCriteria{Since: day})
}

// noteInbox adds handled mails to the watermark of the inbox and saves it.
func (f *fetcher) noteInbox(ctx context.Context, done []outcome) error {
	f.inbox.mark.noteOutcomes(done, f.box.env.Now())
	return f.save(ctx, f.inbox.mark)
}

// noteOutcomes adds handled mails to the watermark. A quarantined mail raises Last but isn't added to Done, so that a
// rescan retries it.
func (m *mark) noteOutcomes(done []outcome, now time.Time) {
	for _, o := range done {
		m.Last = max(m.Last, o.uid)
		if o.result != resultUnreadable {
			m.addDone(o.uid)
		}
		if o.mail != nil {
			m.raiseNewestAt(o.mail.arrivedAt, now)
		}
	}
}

// noteSkipped adds a mail of the Sent folder that is not fetched to the watermark.
func (m *mark) noteSkipped(mail filedMail, now time.Time) {
	m.noteOutcomes([]outcome{{uid: mail.uid, result: resultSkipped, mail: &fetched{arrivedAt: mail.arrivedAt}}}, now)
}

// acceptAll stores facts, which are mails as they came. It retries until that succeeds or ctx ends.
func (f *fetcher) acceptAll(ctx context.Context, facts []channels.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return f.retryUntilStored(ctx, func() error { return f.box.env.Accept(ctx, facts...) })
}

// save stores m together with the watermark of the Sent folder, and then makes m the watermark of the inbox. It returns
// errMarkInDoubt on any failure. It doesn't retry: after a failure the database may be a standby that lacks mails below
// m.
func (f *fetcher) save(ctx context.Context, m *mark) error {
	m.Sent = f.sent.mark
	stored, err := f.box.saveMark(ctx, f.stored, m)
	if err != nil {
		return fmt.Errorf("%w: %w", errMarkInDoubt, err)
	}
	f.stored = stored
	f.inbox.mark = m
	return nil
}
