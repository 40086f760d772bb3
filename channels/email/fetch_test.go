package email

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailfake"
)

// textOf returns about so many bytes of text.
func textOf(size int) string {
	const line = "A line of text that fills the mail.\n"
	return strings.Repeat(line, size/len(line))
}

// Mails that were in the folder before the first start are left. New mails are taken as they arrive.
func TestOnlyNewMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver("old")
	w.startAndWaitActive()
	w.deliver("first")
	w.waitStored("first")
	w.deliver("second")
	w.waitStored("first", "second")
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

	head, raw := inbound.SplitPayload(fact.Payload)
	if head.UIDValidity == 0 {
		t.Error("envelope: got no UIDVALIDITY, want that of the folder")
	}
	if head.InternalDate.IsZero() {
		t.Error("envelope: got no date of arrival")
	}

	head.UIDValidity = 0 // differ from test to test
	head.InternalDate = time.Time{}
	wantEqual(t, "rest of the envelope", head, inbound.Envelope{V: head.V, Folder: "INBOX", UID: 2, SizeBytes: int64(len(raw))})
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

// A mail is also fetched again if the database goes back while the watermark is being saved after it.
func TestMailLostBeforeItsWatermarkComesAgain(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	then := w.journal.snapshot()
	accept := w.env.Accept
	hasGoneBack := false
	w.env.Accept = func(ctx context.Context, facts ...channels.Fact) error {
		err := accept(ctx, facts...)
		if !hasGoneBack {
			hasGoneBack = true
			w.journal.goBackTo(then)
			w.journal.change(func() { w.journal.failSaves = 1 })
		}
		return err
	}
	w.deliver("one")
	w.start()
	w.waitStored("one")
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

	head, raw := inbound.SplitPayload(facts[1].Payload)
	wantEqual(t, "big mail is truncated", head.Truncated, false)
	wantEqual(t, "bytes of the big mail", int64(len(raw)), head.SizeBytes)

	head, raw = inbound.SplitPayload(facts[2].Payload)
	wantEqual(t, "huge mail is truncated", head.Truncated, true)
	if head.SizeBytes < hugeBytes {
		t.Errorf("size of the huge mail: got %d, want that of the whole, at least %d", head.SizeBytes, hugeBytes)
	}
	if !bytes.HasSuffix(raw, []byte("X-Long: yes\r\n\r\n")) {
		t.Errorf("huge mail: got %d bytes, want its header", len(raw))
	}
}

// A mail of zero bytes is stored, too (case 37).
func TestCase37Empty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startAndWaitActive()
	w.appendMail("INBOX", "", time.Time{})
	w.journal.waitUntil(t, "the empty mail", func() bool { return len(w.journal.facts) == 1 })
	head, raw := inbound.SplitPayload(w.journal.snapshot().facts[0].Payload)
	wantEqual(t, "bytes", len(raw), 0)
	wantEqual(t, "UID", head.UID, 1)
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

// After a new UIDVALIDITY, mails that show up late are taken, whatever their UIDs: the watermark counts from UID 1 on
// (case 30).
func TestCase30FirstUIDAfterUIDValidity(t *testing.T) {
	t.Parallel()
	w := newRenumberedWorld(t)

	w.start()
	w.waitStored("one", "two", "while away")

	w.changeUIDValidity("INBOX")
	w.deliver("after")
	w.waitStored("one", "two", "while away", "after")
	w.journal.waitUntil(t, "a watermark of the inbox that begins at UID 1", func() bool {
		inbox, _, _ := strings.Cut(string(w.journal.state), `"sent":`)
		return strings.Contains(inbox, `"first":1,`)
	})
}

// If a FETCH is answered without the body, it is repeated. The memory that was reserved for it is given back (case 31).
func TestCase31FlagsOnly(t *testing.T) {
	t.Parallel()
	for nth, times := range map[int]int{1: 3, 2: 2} { // from the FETCH of sizes on, and from that of bodies
		w := newWatchedWorld(t)
		w.deliver("one", "two")
		id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: nth, Times: times})
		stop := w.start()
		w.waitFault(id, times)
		w.waitStored("one", "two")
		w.waitNothingReserved()
		stop()
	}
}

// A mail that is expunged in the middle of a fetch is skipped, the mails beside it are not (case 31).
func TestCase31Expunged(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("one", "two", "three")
	id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionExpunge, Nth: 2}) // the FETCH of the bodies
	w.start()
	w.waitFault(id, 1)
	w.waitStored("one", "two")
	w.deliver("four")
	w.waitStored("one", "two", "four")
}

// When Parley looks back it finds a mail with a lower UID that showed up late, and fetches no mail twice.
func TestLookingBack(t *testing.T) {
	t.Parallel()
	type uidRanges = [][2]imap.UID
	type watermark struct {
		Done        uidRanges `json:"done"`
		Last, First imap.UID
	}
	w := newWorld(t)
	stop := w.startAndWaitActive()
	w.deliver("one", "two", "three")
	w.waitStored("one", "two", "three")
	stop()
	var got watermark
	noError(t, json.Unmarshal(w.journal.snapshot().state, &got))
	if want := (watermark{Done: uidRanges{{1, 3}}, Last: 3, First: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("watermark: got %+v, want %+v", got, want)
	}

	w.changeWatermark(func(m map[string]any) { m["done"] = uidRanges{{1, 1}, {3, 3}} }) // as if UID 2 had not been there yet
	w.journal.facts = nil
	w.journal.calls = nil
	w.start()
	w.waitStored("two")
	w.deliver("four")
	w.waitStored("two", "four")
	wantEqual(t, "calls of Accept", len(w.journal.snapshot().calls), 2)
}

// changeWatermark changes the watermark that is stored.
func (w *world) changeWatermark(change func(m map[string]any)) {
	w.t.Helper()
	var m map[string]any
	noError(w.t, json.Unmarshal(w.journal.snapshot().state, &m))
	change(m)
	state, err := json.Marshal(m)
	noError(w.t, err)
	w.journal.state = state
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

// A mail that somebody moves into the folder later is taken, however old it is (case 32).
func TestCase32OldMailMovedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.appendMail("INBOX", "Message-ID: <a@x>\nSubject: there before us\n\nx\n", time.Now())
	w.appendMail("Archive", "Message-ID: <b@x>\nSubject: from the archive\n\nx\n", time.Now().AddDate(-1, 0, 0))
	w.startAndWaitActive()
	w.moveFirst("Archive", "INBOX")
	w.waitStored("from the archive")
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
