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

const (
	// batchSize is how many mails are fetched and stored together. A command that names that many
	// UIDs stays below 1,000 bytes, which every server accepts (RFC 2683 section 3.2.1.5).
	batchSize = 50
	// maxTries is how often a mail is fetched on its own before it is quarantined.
	maxTries = 3
	// mailOrder is the order key of all facts: the mails of a mailbox are applied one after the other.
	mailOrder = "mail"
)

// fetchNew fetches the new mail of the inbox and of the folder of sent mail, in the order in which it
// arrived. If a rescan is due, it also rescans the last days. It leaves the inbox selected.
func (f *fetcher) fetchNew(ctx context.Context, s *imapSession) error {
	// Sent mail is searched first: the question to each answer that is found has then arrived in the inbox, and is found, too.
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

	f.rescanDue = false // before the rescan: a mail that breaks the connection must not break the next one at once
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
	// "n:*" must find the newest mail even if its UID is below n. If a folder with mails has no match, the server doesn't understand it in
	// searches (GNU Mailutils 3.15). Then a FETCH is tried.
	selected := s.client.Mailbox()
	hasMails := selected != nil && selected.NumMessages > 0
	if err == nil && len(found) == 0 && hasMails {
		mails, fetchErr := s.fetchSet(above, &imap.FetchOptions{UID: true}, 0)
		if isRefusal(fetchErr) { // the server takes "n:*" for no mail at all
			return nil, nil
		}
		found, err = slices.Sorted(maps.Keys(mails)), fetchErr
	}
	return slices.DeleteFunc(found, func(uid imap.UID) bool { return uid <= last }), err
}

// rescan fetches mail of the last days that appeared below the watermark of dir, the selected folder, and tries mails that could not be
// read once more. It calls onStored for each batch.
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

	// Quarantined mails come last, because they may break the connection.
	if err := f.fetchAndStore(ctx, selected, quarantined, onStored); err != nil {
		return err
	}
	if len(found) > 0 {
		dir.mark.dropDoneBelow(found[0])
	}

	return nil
}

// searchSince returns the UIDs of the mails that arrived after at, or less than Timing.Overlap before it.
func (f *fetcher) searchSince(s *imapSession, at time.Time) ([]imap.UID, error) {
	day := at.Add(-f.box.opts.Timing.Overlap)
	return s.search(&imap.SearchCriteria{Since: day})
}

// noteInbox adds mails that have been dealt with to the inbox's watermark and saves it.
func (f *fetcher) noteInbox(ctx context.Context, done []outcome) error {
	f.inbox.mark.noteOutcomes(done, f.box.env.Now())
	return f.save(ctx, f.inbox.mark)
}

// noteOutcomes adds mails that have been dealt with to the watermark. A quarantined mail only raises Last: it
// is not in Done, so that a rescan tries it again.
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

// noteSkipped moves the watermark over a mail of the folder of sent mail that is not fetched.
func (m *mark) noteSkipped(mail filedMail, now time.Time) {
	m.noteOutcomes([]outcome{{uid: mail.uid, result: resultSkipped, mail: &fetched{arrivedAt: mail.arrivedAt}}}, now)
}

// acceptAll stores facts. It tries until that works, because no mail may be lost.
// Errors: ctx ended.
func (f *fetcher) acceptAll(ctx context.Context, facts []channels.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return f.retryUntilStored(ctx, func() error { return f.box.env.Accept(ctx, facts...) })
}

// save stores m together with the watermark of the folder of sent mail. Only then m becomes the watermark of the inbox. save doesn't try
// again after a failure: the database that answers next may be a standby that lacks the mails which m has passed.
// Errors: errMarkInDoubt.
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
