package email

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/message"
)

// textOf returns about so many bytes of text.
func textOf(size int) string {
	const line = "A line of text that fills the mail.\n"
	return strings.Repeat(line, size/len(line))
}

// A mail becomes a fact with an id, its account's order key and an envelope with its place in the mailbox.
func TestMailBecomesAFact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver("old") // has UID 1
	w.startAndWaitActive()
	w.deliver("new")
	w.waitStored("new")

	fact := w.journal.snapshot().facts[0]
	wantEqual(t, "order key", fact.OrderKey, "mail")
	wantEqual(t, "quarantine", fact.Quarantine, "")
	if !strings.HasPrefix(fact.ExternalID, "mail:") {
		t.Errorf("id: got %q, want one that begins with mail:", fact.ExternalID)
	}

	head, raw := message.SplitPayload(fact.Payload)
	if head.UIDValidity == 0 {
		t.Error("envelope: got no UIDVALIDITY, want that of the folder")
	}
	if head.InternalDate.IsZero() {
		t.Error("envelope: got no date of arrival")
	}

	head.UIDValidity = 0 // differ from test to test
	head.InternalDate = time.Time{}
	wantEqual(t, "rest of the envelope", head, message.Envelope{V: head.V, Folder: "INBOX", UID: 2, SizeBytes: int64(len(raw))})
}

// Parley doesn't mark a mail as read when it fetches it.
func TestFetchedMailStaysUnread(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("first", "second")
	w.start()
	w.waitStored("first", "second")
	for _, m := range w.Inbox(support) {
		wantEqual(t, m.Subject+" is seen", slices.Contains(m.Flags, `\Seen`), false)
	}
}

// A process ends between fetching, storing and saving the watermark (case 40). A mail that was not stored is fetched. A
// mail that was stored is recognised when it is fetched again.
func TestCase40Restart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.startAndWaitActive()
	w.deliver("one")
	w.waitStored("one")
	stop()

	w.deliver("two") // while nobody looks
	before := w.journal.snapshot().state
	stop = w.start()
	w.waitStored("one", "two")
	stop()

	w.journal.state = before // as if the process had ended between commit and watermark
	w.journal.change(func() { w.journal.failSaves = 2 })
	w.start()
	w.journal.waitUntil(t, "a newer watermark", func() bool {
		return w.journal.failSaves == 0 && !bytes.Equal(w.journal.state, before)
	})
	w.deliver("three")
	w.waitStored("one", "two", "three")
	wantEqual(t, "calls of Accept: one, two, two again after each watermark that was not saved, three", len(w.journal.snapshot().calls), 6)
}

// If a standby takes over that had lagged behind, Parley fetches the mails that the standby never got, even if no new
// mail comes.
func TestMailsOfALostDatabaseComeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Timing.Poll = 50 * time.Millisecond
	w.startAndWaitActive()
	w.deliver("one")
	w.waitStored("one")
	w.waitWatermark(`"last":1`)
	then := w.journal.snapshot()
	w.deliver("two", "three")
	w.waitStored("one", "two", "three")
	w.waitWatermark(`"last":3`) // so that it isn't saved after the journal has gone back
	w.journal.goBackTo(then)
	w.waitStored("one", "two", "three")
}

// Many mails are stored in full batches, in the order of their UIDs.
func TestBatchesKeepUIDOrder(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	var want []string
	for n := range 2*mailsOfABatch + 5 {
		want = append(want, fmt.Sprint("mail ", n))
	}
	w.deliver(want...)
	w.start()
	w.waitStored(want...)
	fullest := 0
	for _, call := range w.journal.snapshot().calls {
		fullest = max(fullest, len(call))
	}
	wantEqual(t, "mails of the fullest batch", fullest, mailsOfABatch)
}

// A mail that is too big to share a fetch comes whole. Of a mail that is bigger than MaxBody, only the header comes. Both
// keep their places (case 37).
func TestBigMailsKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	const hugeBytes = 90_000
	w := newWorld(t)
	w.opts.MaxJoin = 20_000
	w.opts.MaxBody = 60_000
	w.lookOnce()
	w.appendMail("INBOX", "Message-ID: <a@x>\nSubject: small\n\nHello\n", time.Time{})
	w.appendMail("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+textOf(30_000), time.Time{})
	w.appendMail("INBOX", "Message-ID: <c@x>\nSubject: huge\nX-Long: yes\n\n"+textOf(hugeBytes), time.Time{})
	w.appendMail("INBOX", "Message-ID: <d@x>\nSubject: last\n\nBye\n", time.Time{})
	w.start()
	w.waitStored("small", "big", "huge", "last")

	facts := w.journal.snapshot().facts

	head, raw := message.SplitPayload(facts[1].Payload)
	wantEqual(t, "big mail is truncated", head.Truncated, false)
	wantEqual(t, "bytes of the big mail", int64(len(raw)), head.SizeBytes)

	head, raw = message.SplitPayload(facts[2].Payload)
	wantEqual(t, "huge mail is truncated", head.Truncated, true)
	if head.SizeBytes < hugeBytes {
		t.Errorf("size of the huge mail: got %d, want that of the whole, at least %d", head.SizeBytes, hugeBytes)
	}
	if !bytes.HasSuffix(raw, []byte("X-Long: yes\r\n\r\n")) {
		t.Errorf("huge mail: got %d bytes, want its header", len(raw))
	}
}

// newRenumberedWorld makes a world whose inbox got a new UIDVALIDITY while the channel wasn't running. It has a mail from
// before the first start, two stored mails, one that came in between, and one with an old date that was put in later.
func newRenumberedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.appendMail("INBOX", "Message-ID: <old@x>\nSubject: before us\n\nx\n", time.Now().Add(-time.Hour))
	stop := w.startAndWaitActive()
	w.deliver("one", "two")
	w.waitStored("one", "two")
	stop()
	w.deliver("while away")
	w.changeUIDValidity("INBOX")
	w.appendMail("INBOX", "Message-ID: <ancient@x>\nSubject: ancient\n\nx\n", time.Now().AddDate(0, 0, -9))
	return w
}

// After a new UIDVALIDITY no mail is lost or stored twice, and mails from before the first start stay out (case 30).
func TestCase30UIDValidity(t *testing.T) {
	t.Parallel()
	w := newRenumberedWorld(t)
	w.start()
	w.waitStored("one", "two", "while away")
	w.changeUIDValidity("INBOX") // while connected
	w.deliver("after")
	w.waitStored("one", "two", "while away", "after")
}

// moveFirst moves the first mail of a folder into another one, as a mail program does.
func (w *world) moveFirst(from, to string) {
	w.t.Helper()
	if _, err := w.openAsMailProgram(from).Move(imap.SeqSetNum(1), to).Wait(); err != nil {
		w.t.Fatal(err)
	}
}

// A mail that leaves the folder and comes back has a new UID, but is the same fact (case 32).
func TestCase32Reinboxed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startAndWaitActive()
	w.deliver("moving")
	w.waitStored("moving")

	w.moveFirst("INBOX", "Archive")
	w.moveFirst("Archive", "INBOX")
	w.journal.waitUntil(t, "the second fetch", func() bool { return len(w.journal.calls) >= 2 })
	w.deliver("next")
	w.waitStored("moving", "next")

	calls := w.journal.snapshot().calls
	wantEqual(t, "id of the mail when it came back", calls[1][0].ExternalID, calls[0][0].ExternalID)
}

// If storing a mail fails, Parley tries again until it succeeds.
func TestOverloadIsWaitedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.refusals = []error{channels.ErrOverloaded, errors.New("no database"), channels.ErrOverloaded}
	w.startAndWaitActive()
	w.deliver("one")
	w.waitStored("one")
	wantEqual(t, "calls of Accept: three refused, and one", len(w.journal.snapshot().calls), 4)
}
