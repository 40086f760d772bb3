package mailbox

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/message"
)

// This file fetches mails in batches and stores them. While one batch is being stored, the next one is fetched:
//
//	fetch 1 | fetch 2 | fetch 3 |
//	        | store 1 | store 2 | store 3
//
// A batch has up to 50 mails of 1 MB in total (Options.MaxJoin). A mail that may make the server fail is fetched alone
// (single.go).

// fetchResult is the result of fetching a mail.
type fetchResult int

const (
	resultFetched    fetchResult = iota
	resultGone                   // it is proven to be no longer in the folder
	resultSkipped                // it is in the Sent folder, and Parley sent it or it is older than the account
	resultOld                    // it is older than the account
	resultUnreadable             // maxTries attempts failed
)

// outcome is a mail that has been handled: it needn't be fetched any more.
type outcome struct {
	uid    imap.UID
	result fetchResult
	mail   *fetched // nil if nothing was fetched
}

// storedHandler moves a watermark over handled mails. It is called after they were stored.
type storedHandler func(ctx context.Context, done []outcome) error

// selectedFolder is the folder that is selected in a session, with the UIDVALIDITY of its UIDs.
type selectedFolder struct {
	session     *imapSession
	folder      *folder
	uidValidity uint32
}

// batchFetch is the state of one call of fetchAndStore. Only the goroutine that fetches uses it.
type batchFetch struct {
	selectedFolder

	fetcher       *fetcher
	known         map[imap.UID]*fetched // mails whose sizes and dates, and perhaps bodies, were fetched
	sizesKnownTo  imap.UID              // sizes and dates were fetched up to this mail
	releaseMemory func()                // releases the memory reserved for the current batch; nil if there is none
}

// fetchAndStore fetches mails of the selected folder in the order of UIDs, batch by batch. It stores each batch and then
// calls onStored, which moves the watermark. onStored runs on another goroutine, which ends before fetchAndStore returns.
func (f *fetcher) fetchAndStore(ctx context.Context, from selectedFolder, uids []imap.UID, onStored storedHandler) error {
	batch := &batchFetch{selectedFolder: from, fetcher: f, known: map[imap.UID]*fetched{}}
	var stored chan error // the result of storing the previous batch; nil before the second batch
	for len(uids) > 0 {
		done, err := batch.fetchBatch(ctx, uids)
		if stored != nil {
			if storeErr := <-stored; storeErr != nil {
				err = storeErr
			}
		}

		if err != nil {
			batch.releaseReserved()
			return err
		}

		uids = uids[len(done):]
		stored = make(chan error, 1)
		go func(releaseMemory func()) {
			if releaseMemory != nil {
				defer releaseMemory()
			}
			stored <- f.storeBatch(ctx, from, done, onStored)
		}(batch.releaseMemory)

		batch.releaseMemory = nil
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

// releaseReserved releases the memory of a batch that won't be stored.
func (b *batchFetch) releaseReserved() {
	if b.releaseMemory != nil {
		b.releaseMemory()
		b.releaseMemory = nil
	}
}

// fetchBatch fetches the first of the mails: as many as fit into a batch, or one if it is large or may break the
// connection. If the server refuses a mail, fetchBatch returns the mails before it without an error, so that they are
// stored; the next batch then begins with the refused mail.
func (b *batchFetch) fetchBatch(ctx context.Context, uids []imap.UID) ([]outcome, error) {
	count := 1
	if uids[0] > b.folder.careUpTo {
		if err := b.fetchMissingSizes(uids[:min(batchSize, len(uids))]); err != nil {
			return nil, err
		}
		count = b.countJoinable(uids)
	}

	if count > 1 {
		if err := b.fetchJoined(ctx, uids[:count]); err != nil {
			return nil, err
		}
	}

	done := make([]outcome, 0, count)
	for _, uid := range uids[:count] {
		o, err := b.finish(ctx, uid)
		if isRefusal(err) && len(done) > 0 {
			return done, nil
		}
		if err != nil {
			return nil, err
		}

		b.folder.forgetTries(uid)
		if o.result == resultFetched {
			b.folder.forgetRefusals()
		}
		done = append(done, o)
	}

	return done, nil
}

// finish returns the outcome of a mail. If the mail wasn't fetched with the batch, finish fetches it alone. An error ends
// the session.
func (b *batchFetch) finish(ctx context.Context, uid imap.UID) (outcome, error) {
	m := b.known[uid]
	delete(b.known, uid)
	if m != nil && b.folder.isOld(m) {
		return outcome{uid: uid, result: resultOld, mail: m}, nil
	}
	if m != nil && m.hasRaw {
		return outcome{uid: uid, result: resultFetched, mail: m}, nil
	}
	return b.fetchSingle(ctx, uid, m)
}

// fetchMissingSizes fetches the sizes and dates of mails, unless that was done before.
func (b *batchFetch) fetchMissingSizes(uids []imap.UID) error {
	if uids[0] <= b.sizesKnownTo {
		return nil
	}
	mails, err := b.session.fetchSizes(uids)
	for uid, m := range mails {
		b.known[uid] = m
	}
	b.sizesKnownTo = uids[len(uids)-1]
	return b.blameMails(err, b.sizesKnownTo)
}

// blameMails handles the result of a command. If the connection broke, it returns err and makes the next session fetch the
// mails up to last one by one, to find the one that caused it. It returns nil for a refusal: the connection still works.
func (b *batchFetch) blameMails(err error, last imap.UID) error {
	if err == nil || isRefusal(err) {
		return nil
	}
	b.folder.careUpTo = max(b.folder.careUpTo, last)
	return err
}

// countJoinable returns how many of the first mails fit into one batch, at least 1.
func (b *batchFetch) countJoinable(uids []imap.UID) int {
	var bytes int64
	count := 0
	for _, uid := range uids {
		if uid > b.sizesKnownTo || b.known[uid] == nil {
			break
		}
		bytes += b.bufferBytes(uid)
		if bytes > b.fetcher.box.opts.MaxJoin {
			break
		}
		count++
	}
	return max(count, 1)
}

// bufferBytes returns how much memory a mail needs. A mail of unknown size counts as too large for a batch.
func (b *batchFetch) bufferBytes(uid imap.UID) int64 {
	m := b.known[uid]
	if b.folder.isOld(m) {
		return 0
	}
	if m.sizeBytes > b.fetcher.box.opts.MaxBody {
		return message.MaxHeaderBytes
	}
	if m.sizeBytes <= 0 {
		return b.fetcher.box.opts.MaxJoin + 1
	}
	return m.sizeBytes
}

// fetchJoined fetches the bodies of mails with one command.
func (b *batchFetch) fetchJoined(ctx context.Context, uids []imap.UID) error {
	var wanted []imap.UID
	var bytes int64
	for _, uid := range uids {
		if !b.folder.isOld(b.known[uid]) {
			wanted = append(wanted, uid)
			bytes += b.bufferBytes(uid)
		}
	}

	if len(wanted) == 0 {
		return nil
	}

	var err error
	if b.releaseMemory, err = b.fetcher.box.limits.ReserveSmall(ctx, bytes); err != nil {
		return err
	}

	return b.blameMails(b.session.fetchBodies(wanted, b.known, b.fetcher.box.opts), uids[len(uids)-1])
}

// factOf returns the fact that is stored for an outcome: the envelope and the mail as it came. ok is false if nothing is
// stored.
func (f *folder) factOf(o outcome, uidValidity uint32) (fact channels.Fact, ok bool) {
	if o.result != resultFetched && o.result != resultUnreadable {
		return channels.Fact{}, false
	}

	envelope := message.Envelope{V: 1, Folder: f.name, UID: uint32(o.uid), UIDValidity: uidValidity, Sent: f.isSent}
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
	fact.ExternalID = message.Fact(o.mail.raw)
	if f.isSent {
		fact.ExternalID = message.Sent(fact.ExternalID)
	}

	fact.Payload = o.mail.withLine(envelope.Line())
	return fact, true
}
