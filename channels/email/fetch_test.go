package email

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailfake"
)

// What was there before the first start is left; new mail comes as facts, and stays unread.
func TestOnlyNewMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver("old")
	w.watch()
	w.deliver("first")
	w.wantStored("first")
	w.deliver("second")
	w.wantStored("first", "second")
	for i, f := range w.journal.read().facts {
		wantEqual(t, "order key", f.OrderKey, "mail")
		wantEqual(t, "quarantine", f.Quarantine, "")
		if !strings.HasPrefix(f.ExternalID, "mail:") {
			t.Errorf("got the id %q, want one that begins with mail:", f.ExternalID)
		}
		head, raw := inbound.SplitPayload(f.Payload)
		if head.UIDValidity == 0 || head.InternalDate.IsZero() {
			t.Errorf("got the envelope %+v, want UIDVALIDITY and the date of arrival", head)
		}
		head.UIDValidity, head.InternalDate = 0, time.Time{}
		want := inbound.Envelope{V: head.V, Folder: "INBOX", UID: uint32(2 + i), SizeBytes: int64(len(raw))} // the old mail has UID 1
		wantEqual(t, "envelope", head, want)
	}
	for _, m := range w.Inbox(support) {
		wantEqual(t, "seen after it was fetched", slices.Contains(m.Flags, `\Seen`), false)
	}
}

// Case 40: a crash between fetch, commit and watermark; what was stored is not lost
// and what was not stored is fetched again.
func TestCase40Restart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.watch()
	w.deliver("one")
	w.wantStored("one")
	stop()
	w.deliver("two") // while nobody looks
	before := w.journal.read().state
	stop = w.run()
	w.wantStored("one", "two")
	stop()
	w.journal.state = before // as if it had died between commit and watermark
	w.journal.change(func() { w.journal.failSaves = 2 })
	w.run()
	w.journal.wait(t, "a watermark", func() bool { return w.journal.failSaves == 0 && !bytes.Equal(w.journal.state, before) })
	w.deliver("three")
	w.wantStored("one", "two", "three")
	wantEqual(t, "calls of Accept: one, two, two again, three", len(w.journal.read().calls), 4)
}

// Many mails come in full batches, in the order of their UIDs.
func TestBatchesKeepUIDOrder(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	var want []string
	for i := range 2*mailsOfABatch + 5 {
		want = append(want, fmt.Sprint("mail ", i))
		w.deliver(want[i])
	}
	w.run()
	w.wantStored(want...)
	fullest := 0
	for _, call := range w.journal.read().calls {
		fullest = max(fullest, len(call))
	}
	wantEqual(t, "mails of the fullest batch", fullest, mailsOfABatch)
}

// Case 37: a big mail comes whole, and of one that is too big its header alone; both in their places.
func TestBigMailsComeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.MaxJoin, w.opts.MaxBody = 20_000, 60_000
	w.lookOnce()
	body := func(n int) string { return strings.Repeat("A line of text that fills the mail.\n", n/36) }
	w.appendMail("INBOX", "Message-ID: <a@x>\nSubject: small\n\nHello\n", time.Time{})
	w.appendMail("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+body(30_000), time.Time{})
	w.appendMail("INBOX", "Message-ID: <c@x>\nSubject: huge\nX-Long: yes\n\n"+body(90_000), time.Time{})
	w.appendMail("INBOX", "Message-ID: <d@x>\nSubject: last\n\nBye\n", time.Time{})
	w.run()
	w.wantStored("small", "big", "huge", "last")
	huge, raw := inbound.SplitPayload(w.journal.read().facts[2].Payload)
	wantEqual(t, "the huge mail is truncated", huge.Truncated, true)
	if huge.SizeBytes < 90_000 {
		t.Errorf("the huge mail's size is %d, want that of the whole", huge.SizeBytes)
	}
	if !bytes.HasSuffix(raw, []byte("X-Long: yes\r\n\r\n")) {
		t.Errorf("of the huge mail are kept %d bytes, want its header", len(raw))
	}
	big, raw := inbound.SplitPayload(w.journal.read().facts[1].Payload)
	wantEqual(t, "the big mail is truncated", big.Truncated, false)
	wantEqual(t, "bytes of the big mail", int64(len(raw)), big.SizeBytes)
}

// Case 37: a mail of no bytes at all.
func TestCase37Empty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.watch()
	w.appendMail("INBOX", "", time.Time{})
	w.journal.wait(t, "the empty mail", func() bool { return len(w.journal.facts) == 1 })
	head, raw := inbound.SplitPayload(w.journal.read().facts[0].Payload)
	wantEqual(t, "bytes", len(raw), 0)
	wantEqual(t, "UID", head.UID, 1)
}

// Case 30: a new UIDVALIDITY; nothing is lost, nothing comes twice, and what was there
// before the first start stays out.
func TestCase30UIDValidity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.appendMail("INBOX", "Message-ID: <old@x>\nSubject: before us\n\nx\n", time.Now().Add(-time.Hour))
	stop := w.watch()
	w.deliver("one")
	w.deliver("two")
	w.wantStored("one", "two")
	stop()
	w.deliver("while away")
	if err := w.ChangeUIDValidity(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	w.appendMail("INBOX", "Message-ID: <ancient@x>\nSubject: ancient\n\nx\n", time.Now().AddDate(0, 0, -9))
	w.run()
	w.wantStored("one", "two", "while away")
	if err := w.ChangeUIDValidity(support, "INBOX"); err != nil { // while connected
		t.Fatal(err)
	}
	w.deliver("after")
	w.wantStored("one", "two", "while away", "after")
	w.journal.wait(t, "a watermark by which mails that show up late are taken, whatever their UIDs", func() bool {
		inbox, _, _ := strings.Cut(string(w.journal.state), `"sent":`)
		return strings.Contains(inbox, `"first":1,`)
	})
}

// Case 31: a FETCH answered without the body, once: the mail is asked for again.
func TestCase31FlagsOnly(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("one")
	w.deliver("two")
	id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: 3})
	w.run()
	w.waitFault(id, 3)
	w.wantStored("one", "two")
}

// Case 31: a mail expunged in the middle of a fetch is passed over, its neighbours are
// not.
func TestCase31Expunged(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	for _, s := range []string{"one", "two", "three"} {
		w.deliver(s)
	}
	id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionExpunge, Nth: 2})
	w.run()
	w.waitFault(id, 1)
	w.wantStored("one", "two")
	w.deliver("four")
	w.wantStored("one", "two", "four")
}

// A mail that the server never hands out is kept in quarantine under its UID, and the next one comes.
func TestUnreadableMailIsQuarantined(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{
		mailfake.ActionFlagsOnly, mailfake.ActionUnknownItem, mailfake.ActionCut, mailfake.ActionReply, mailfake.ActionBye,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("poison")
			w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: action, Times: mailfake.Forever})
			w.run()
			w.wantStored("quarantined")
			fact := w.journal.read().facts[0]
			wantEqual(t, "order key", fact.OrderKey, "mail")
			if !strings.HasPrefix(fact.ExternalID, "uid:INBOX:") {
				t.Errorf("got the id %q, want one of the UID", fact.ExternalID)
			}
			w.ClearFaults()
			w.deliver("healthy")
			w.journal.wait(t, "the next mail", func() bool {
				got := subjectsOf(w.journal.facts)
				return got[0] == "quarantined" && slices.Contains(got, "healthy")
			})
		})
	}
}

// A provider that hands nothing out for a while, as Gmail does after too many bytes, is no reason to put mails aside: they
// come later, and in order.
func TestServerRefusesEveryMail(t *testing.T) {
	t.Parallel()
	const quota = "Account exceeded command or bandwidth limits."
	for name, answers := range map[string][]mailfake.Fault{
		"Gmail":                     {{Enhanced: "OVERQUOTA", Text: quota, Times: mailfake.Forever}},
		"Microsoft 365":             {{Text: "Request is throttled. Suggested Backoff Time: 10 milliseconds", Times: mailfake.Forever}},
		"no reason":                 {{Text: "System Error", Times: 20}},
		"an outage after the quota": {{Enhanced: "OVERQUOTA", Text: quota, Times: 60}, {Text: "System Error", Nth: 61, Times: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one")
			w.deliver("two")
			for _, answer := range answers {
				answer.Op, answer.Action = mailfake.OpFETCH, mailfake.ActionReply
				w.addFault(answer)
			}
			w.run()
			first := answers[0]
			got := w.waitCondition(channels.Broken)
			wantText(t, "condition", got.Text, "hands out no mail")
			wantText(t, "condition", got.Text, first.Text)
			if first.Times == mailfake.Forever {
				w.ClearFaults()
			}
			w.deliver("three")
			w.wantStored("one", "two", "three")
		})
	}
}

// One mail that breaks every connection does not take its neighbours along.
func TestPoisonAmongOthers(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("one")
	w.appendMail("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+strings.Repeat("A line of text that fills the mail.\n", 3000), time.Time{})
	w.deliver("two")
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Bytes: 50_000, Times: mailfake.Forever})
	w.run()
	w.wantStored("one", "quarantined", "two")
}

// What was quarantined comes in by looking back once the server hands it out.
func TestQuarantinedMailRecovers(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("shy")
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: mailfake.Forever})
	stop := w.run()
	w.wantStored("quarantined")
	stop()
	w.ClearFaults()
	w.run()
	w.wantStored("quarantined", "shy")
}

// The same without a restart: looking back happens while the connection waits.
func TestLookingBackInTime(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("shy")
	w.opts.Timing.Rescan = 20 * time.Millisecond
	// Three tries and the first look back: six answers without a body.
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: 6})
	w.run()
	w.wantStored("quarantined", "shy")
}

// A mail that met a line which broke three times in seconds comes in soon after, long before the
// next look back is due.
func TestBadMinuteOfTheLine(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("unlucky")
	w.opts.Timing.RescanBad = 20 * time.Millisecond
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: 8})
	w.run()
	w.wantStored("quarantined", "unlucky")
}

// Looking back finds a lower UID that showed up late, and fetches nothing twice.
func TestLookingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.watch()
	for _, s := range []string{"one", "two", "three"} {
		w.deliver(s)
	}
	w.wantStored("one", "two", "three")
	stop()
	var m map[string]any
	if err := json.Unmarshal(w.journal.read().state, &m); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "watermark: done, last and first", fmt.Sprint(m["done"], m["last"], m["first"]), "[[1 3]] 3 1")
	m["done"] = [][2]imap.UID{{1, 1}, {3, 3}} // as if UID 2 had not been there yet
	w.journal.state, _ = json.Marshal(m)
	w.journal.facts, w.journal.calls = w.journal.facts[:0], nil
	w.run()
	w.wantStored("two")
	w.deliver("four")
	w.wantStored("two", "four")
	wantEqual(t, "calls of Accept", len(w.journal.read().calls), 2)
}

// Case 32: a mail that leaves the folder and comes back has a new UID and is the same
// fact; so is its twin in another folder.
func TestCase32Reinboxed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.watch()
	w.deliver("moving")
	w.wantStored("moving")
	move := func(from, to string) {
		if _, err := w.openAsProgram(from).Move(imap.SeqSetNum(1), to).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	move("INBOX", "Archive")
	move("Archive", "INBOX")
	w.journal.wait(t, "the second fetch", func() bool { return len(w.journal.calls) >= 2 })
	w.deliver("next")
	w.wantStored("moving", "next")
	calls := w.journal.read().calls
	wantEqual(t, "id of the mail when it came back", calls[1][0].ExternalID, calls[0][0].ExternalID)
}

// A mail that somebody puts into the folder later is new, however old it is.
func TestCase32OldMailMovedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.appendMail("INBOX", "Message-ID: <a@x>\nSubject: there before us\n\nx\n", time.Now())
	w.appendMail("Archive", "Message-ID: <b@x>\nSubject: from the archive\n\nx\n", time.Now().AddDate(-1, 0, 0))
	w.watch()
	if _, err := w.openAsProgram("Archive").Move(imap.SeqSetNum(1), "INBOX").Wait(); err != nil {
		t.Fatal(err)
	}
	w.wantStored("from the archive")
}

// A mail that can't be stored is offered again until it is.
func TestOverloadIsWaitedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.refuse = []error{channels.ErrOverloaded, errors.New("no database"), channels.ErrOverloaded}
	w.watch()
	w.deliver("one")
	w.wantStored("one")
	wantEqual(t, "calls of Accept: three refused, and one", len(w.journal.read().calls), 4)
}
