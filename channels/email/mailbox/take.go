package mailbox

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailid"
	"parley/channels/email/rawmail"
)

// fetchResult is what became of the attempt to fetch a mail.
type fetchResult int

const (
	resultFetched    fetchResult = iota
	resultGone                   // it is proven to be no longer in the folder
	resultSkipped                // in the folder of sent mail: Parley sent it, or it is old
	resultOld                    // it was there before the account was set up
	resultUnreadable             // maxTries attempts failed
)

// outcome is a mail that has been dealt with.
type outcome struct {
	uid    imap.UID
	result fetchResult
	mail   *fetched // nil if nothing of the mail was fetched
}

// storedHandler moves a watermark over mails that have just been stored, or need not be.
type storedHandler func(ctx context.Context, done []outcome) error

// selectedFolder is a folder that is selected in a session, with the UIDVALIDITY of its UIDs.
type selectedFolder struct {
	session     *imapSession
	folder      *folder
	uidValidity uint32
}

// batchFetch is the state of one call of fetchAndStore. Only the goroutine that fetches uses it.
type batchFetch struct {
	selectedFolder

	fetcher       *fetcher
	known         map[imap.UID]*fetched // mails of which size and date were fetched ahead
	sizesKnownTo  imap.UID              // sizes and dates were asked for up to this mail
	releaseMemory func()                // releases the memory that is reserved for the batch; nil if none is reserved
}

// fetchAndStore fetches mails of the selected folder in the order of their UIDs, batch by batch. It stores
// each batch and then calls onStored, which moves the watermark. While a batch is being stored, the next one
// is fetched: onStored is called on another goroutine, which ends before fetchAndStore returns.
func (f *fetcher) fetchAndStore(ctx context.Context, from selectedFolder, uids []imap.UID, onStored storedHandler) error {
	t := &batchFetch{selectedFolder: from, fetcher: f, known: map[imap.UID]*fetched{}}
	var stored chan error // the result of storing the previous batch; nil before the second batch
	for len(uids) > 0 {
		done, err := t.fetchBatch(ctx, uids)
		if stored != nil {
			if storeErr := <-stored; storeErr != nil {
				err = storeErr
			}
		}

		if err != nil {
			t.releaseReserved()
			return err
		}

		uids = uids[len(done):]
		stored = make(chan error, 1)
		go func(releaseMemory func()) {
			if releaseMemory != nil {
				defer releaseMemory()
			}
			stored <- f.storeBatch(ctx, from, done, onStored)
		}(t.releaseMemory)

		t.releaseMemory = nil
	}

	if stored == nil {
		return nil
	}

	return <-stored
}

// storeBatch stores mails and then calls onStored.
func (f *fetcher) storeBatch(ctx context.Context, from selectedFolder, done []outcome, onStored storedHandler) error {
	var facts []channels.Fact
	for _, o := range done {
		if fact, ok := from.folder.factOf(o, from.uidValidity); ok {
			facts = append(facts, fact)
		}
	}
	if err := f.acceptAll(ctx, facts); err != nil {
		return err
	}
	return onStored(ctx, done)
}

// releaseReserved releases the memory that is reserved for a batch that will not be stored.
func (t *batchFetch) releaseReserved() {
	if t.releaseMemory != nil {
		t.releaseMemory()
		t.releaseMemory = nil
	}
}

// fetchBatch fetches the first of the mails: as many as fit into a batch, or only one if it is large or may break the connection. If the
// server refuses a mail, fetchBatch returns those before it without an error, so that they are stored and needn't be fetched again. The
// next batch then begins with that mail.
func (t *batchFetch) fetchBatch(ctx context.Context, uids []imap.UID) ([]outcome, error) {
	count := 1
	if uids[0] > t.folder.careUpTo {
		if err := t.fetchMissingSizes(uids[:min(batchSize, len(uids))]); err != nil {
			return nil, err
		}
		count = t.countJoinable(uids)
	}

	if count > 1 {
		if err := t.fetchJoined(ctx, uids[:count]); err != nil {
			return nil, err
		}
	}

	done := make([]outcome, 0, count)
	for _, uid := range uids[:count] {
		o, err := t.decideMail(ctx, uid)
		if isRefusal(err) && len(done) > 0 {
			return done, nil
		}
		if err != nil {
			return nil, err
		}

		t.folder.forgetTries(uid)
		if o.result == resultFetched {
			t.folder.forgetRefusals()
		}
		done = append(done, o)
	}

	return done, nil
}

// decideMail finds out what becomes of a mail. It fetches the mail alone, unless that came with others, or is too old to be fetched.
// Errors: those that end the session.
func (t *batchFetch) decideMail(ctx context.Context, uid imap.UID) (outcome, error) {
	m := t.known[uid]
	delete(t.known, uid)
	if m != nil && t.folder.isOld(m) {
		return outcome{uid: uid, result: resultOld, mail: m}, nil
	}
	if m != nil && m.hasRaw {
		return outcome{uid: uid, result: resultFetched, mail: m}, nil
	}
	return t.fetchSingle(ctx, uid, m)
}

// fetchMissingSizes fetches sizes and dates of mails, unless it has asked for them already.
func (t *batchFetch) fetchMissingSizes(uids []imap.UID) error {
	if uids[0] <= t.sizesKnownTo {
		return nil
	}
	mails, err := t.session.fetchSizes(uids)
	for uid, m := range mails {
		t.known[uid] = m
	}
	t.sizesKnownTo = uids[len(uids)-1]
	return t.blameMails(err, t.sizesKnownTo)
}

// blameMails returns nil if err is nil, or if the server only refused a command, because then the connection still works. Otherwise it
// returns err, and records that one of the mails up to last may be to blame: the next session fetches them one by one.
func (t *batchFetch) blameMails(err error, last imap.UID) error {
	if err == nil || isRefusal(err) {
		return nil
	}
	t.folder.careUpTo = max(t.folder.careUpTo, last)
	return err
}

// countJoinable returns how many of the mails, from the first on, fit into one batch. It returns at least 1.
func (t *batchFetch) countJoinable(uids []imap.UID) int {
	var bytes int64
	count := 0
	for _, uid := range uids {
		if uid > t.sizesKnownTo || t.known[uid] == nil {
			break
		}
		bytes += t.bufferBytes(uid)
		if bytes > t.fetcher.box.opts.MaxJoin {
			break
		}
		count++
	}
	return max(count, 1)
}

// bufferBytes returns how many bytes of a mail will be in memory. A mail of unknown size counts as too large
// for a batch with others.
func (t *batchFetch) bufferBytes(uid imap.UID) int64 {
	m := t.known[uid]
	if t.folder.isOld(m) {
		return 0
	}
	if m.sizeBytes > t.fetcher.box.opts.MaxBody {
		return rawmail.MaxHeaderBytes
	}
	if m.sizeBytes <= 0 {
		return t.fetcher.box.opts.MaxJoin + 1
	}
	return m.sizeBytes
}

// fetchJoined fetches the bodies of mails with one command.
func (t *batchFetch) fetchJoined(ctx context.Context, uids []imap.UID) error {
	var wanted []imap.UID
	var bytes int64
	for _, uid := range uids {
		if !t.folder.isOld(t.known[uid]) {
			wanted = append(wanted, uid)
			bytes += t.bufferBytes(uid)
		}
	}

	if len(wanted) == 0 {
		return nil
	}

	var err error
	if t.releaseMemory, err = t.fetcher.box.limits.ReserveSmall(ctx, bytes); err != nil {
		return err
	}

	return t.blameMails(t.session.fetchBodies(wanted, t.known, t.fetcher.box.opts), uids[len(uids)-1])
}

// factOf returns the fact that is stored for an outcome. ok is false if nothing is stored for it.
func (f *folder) factOf(o outcome, uidValidity uint32) (fact channels.Fact, ok bool) {
	if o.result != resultFetched && o.result != resultUnreadable {
		return channels.Fact{}, false
	}

	envelope := inbound.Envelope{V: 1, Folder: f.name, UID: uint32(o.uid), UIDValidity: uidValidity, Sent: f.isSent}
	fact.OrderKey = mailOrder
	if o.result == resultUnreadable {
		fact.ExternalID = fmt.Sprintf("uid:%.200s:%d:%d", f.name, uidValidity, o.uid)
		fact.Quarantine = "The mail server does not hand this mail out."
		fact.Payload = envelope.Line()
		return fact, true
	}

	envelope.InternalDate = o.mail.arrivedAt
	envelope.SizeBytes = o.mail.sizeBytes
	envelope.Truncated = o.mail.truncated
	fact.ExternalID = mailid.Fact(o.mail.raw)
	if f.isSent {
		fact.ExternalID = mailid.SentFact(o.mail.raw)
	}

	fact.Payload = o.mail.withLine(envelope.Line())
	return fact, true
}
