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

func TestOnlyNewMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail("old")
	w.run()
	w.ready()
	w.mail("first")
	w.arrives("first")
	w.mail("second")
	w.arrives("first", "second")
	for _, f := range w.journal.read().facts {
		if f.OrderKey != "mail" || !strings.HasPrefix(f.ExternalID, "mail:") || f.Quarantine != "" {
			t.Errorf("fact %+v", f)
		}
		head, raw := inbound.SplitPayload(f.Payload)
		if head.Folder != "INBOX" || head.UID < 2 || head.UIDValidity == 0 || head.InternalDate.IsZero() ||
			head.SizeBytes != int64(len(raw)) || head.Truncated || head.Historical {
			t.Errorf("envelope %+v", head)
		}
	}
	for _, m := range w.Inbox(support) {
		if slices.Contains(m.Flags, `\Seen`) {
			t.Error("fetching marked a mail as seen")
		}
	}
}

// Case 40: a crash between fetch, commit and watermark; what was stored is not lost
// and what was not stored is fetched again.
func TestCase40Restart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.run()
	w.ready()
	w.mail("one")
	w.arrives("one")
	stop()
	w.mail("two") // while nobody looks
	before := w.journal.read().state
	stop = w.run()
	w.arrives("one", "two")
	stop()
	w.journal.state = before // as if it had died between commit and watermark
	w.journal.change(func() { w.journal.failSaves = 2 })
	w.run()
	w.journal.wait(t, "a watermark", func() bool { return w.journal.failSaves == 0 && !bytes.Equal(w.journal.state, before) })
	w.mail("three")
	w.arrives("one", "two", "three")
	if n := len(w.journal.read().calls); n != 4 {
		t.Errorf("%d calls of Accept, want 4: one, two, two again, three", n)
	}
}

func TestBatchesKeepUIDOrder(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	var want []string
	for i := range 2*mailsOfABatch + 5 {
		want = append(want, fmt.Sprint("mail ", i))
		w.mail(want[i])
	}
	w.run()
	w.arrives(want...)
	fullest := 0
	for _, call := range w.journal.read().calls {
		fullest = max(fullest, len(call))
	}
	if fullest != mailsOfABatch {
		t.Errorf("at most %d mails at once, want %d", fullest, mailsOfABatch)
	}
}

func TestBigMailsComeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.MaxJoin, w.opts.MaxBody = 20_000, 60_000
	stop := w.run()
	w.ready()
	stop()
	body := func(n int) string { return strings.Repeat("A line of text that fills the mail.\n", n/36) }
	w.put("INBOX", "Message-ID: <a@x>\nSubject: small\n\nHello\n", time.Time{})
	w.put("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+body(30_000), time.Time{})
	w.put("INBOX", "Message-ID: <c@x>\nSubject: huge\nX-Long: yes\n\n"+body(90_000), time.Time{})
	w.put("INBOX", "Message-ID: <d@x>\nSubject: last\n\nBye\n", time.Time{})
	w.run()
	w.arrives("small", "big", "huge", "last")
	head, raw := inbound.SplitPayload(w.journal.read().facts[2].Payload)
	if !head.Truncated || head.SizeBytes < 90_000 || !bytes.HasSuffix(raw, []byte("X-Long: yes\r\n\r\n")) {
		t.Errorf("case 37, too big: %+v, %d bytes kept", head, len(raw))
	}
	head, raw = inbound.SplitPayload(w.journal.read().facts[1].Payload)
	if head.Truncated || int64(len(raw)) != head.SizeBytes {
		t.Errorf("big: %+v, %d bytes", head, len(raw))
	}
}

// Case 37: a mail of no bytes at all.
func TestCase37Empty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.ready()
	w.put("INBOX", "", time.Time{})
	w.journal.wait(t, "the empty mail", func() bool { return len(w.journal.facts) == 1 })
	if head, raw := inbound.SplitPayload(w.journal.read().facts[0].Payload); len(raw) != 0 || head.UID == 0 {
		t.Errorf("envelope %+v, %d bytes", head, len(raw))
	}
}

// Case 30: a new UIDVALIDITY; nothing is lost, nothing comes twice, and what was there
// before the first start stays out.
func TestCase30UIDValidity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("INBOX", "Message-ID: <old@x>\nSubject: before us\n\nx\n", time.Now().Add(-time.Hour))
	stop := w.run()
	w.ready()
	w.mail("one")
	w.mail("two")
	w.arrives("one", "two")
	stop()
	w.mail("while away")
	if err := w.ChangeUIDValidity(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	w.put("INBOX", "Message-ID: <ancient@x>\nSubject: ancient\n\nx\n", time.Now().AddDate(0, 0, -9))
	w.run()
	w.arrives("one", "two", "while away")
	if err := w.ChangeUIDValidity(support, "INBOX"); err != nil { // while connected
		t.Fatal(err)
	}
	w.mail("after")
	w.arrives("one", "two", "while away", "after")
}

// Case 31: a FETCH answered without the body, once: the mail is asked for again.
func TestCase31FlagsOnly(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.mail("one")
	w.mail("two")
	id := w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: 3})
	w.run()
	w.struck(id, 3)
	w.arrives("one", "two")
}

// Case 31: a mail expunged in the middle of a fetch is passed over, its neighbours are
// not.
func TestCase31Expunged(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	for _, s := range []string{"one", "two", "three"} {
		w.mail(s)
	}
	id := w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionExpunge, Nth: 2})
	w.run()
	w.struck(id, 1)
	w.arrives("one", "two")
	w.mail("four")
	w.arrives("one", "two", "four")
}

func TestUnreadableMailIsQuarantined(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{
		mailfake.ActionFlagsOnly, mailfake.ActionUnknownItem, mailfake.ActionCut, mailfake.ActionReply, mailfake.ActionBye,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.mail("poison")
			w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: action, Times: mailfake.Forever})
			w.run()
			w.arrives("quarantined")
			fact := w.journal.read().facts[0]
			if !strings.HasPrefix(fact.ExternalID, "uid:INBOX:") || fact.OrderKey != "mail" || fact.Quarantine == "" {
				t.Errorf("fact %+v", fact)
			}
			w.ClearFaults()
			w.mail("healthy")
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
			w.mail("one")
			w.mail("two")
			for _, answer := range answers {
				answer.Op, answer.Action = mailfake.OpFETCH, mailfake.ActionReply
				w.fault(answer)
			}
			w.run()
			first := answers[0]
			if got := w.condition(channels.Broken); !strings.Contains(got.Text, "hands out no mail") || !strings.Contains(got.Text, first.Text) {
				t.Errorf("%+v", got)
			}
			if first.Times == mailfake.Forever {
				w.ClearFaults()
			}
			w.mail("three")
			w.arrives("one", "two", "three")
		})
	}
}

// One mail that breaks every connection does not take its neighbours along.
func TestPoisonAmongOthers(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.mail("one")
	w.put("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+strings.Repeat("A line of text that fills the mail.\n", 3000), time.Time{})
	w.mail("two")
	w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Bytes: 50_000, Times: mailfake.Forever})
	w.run()
	w.arrives("one", "quarantined", "two")
}

// What was quarantined comes in by looking back once the server hands it out.
func TestQuarantinedMailRecovers(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.mail("shy")
	w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: mailfake.Forever})
	stop := w.run()
	w.arrives("quarantined")
	stop()
	w.ClearFaults()
	w.run()
	w.arrives("quarantined", "shy")
}

// The same without a restart: looking back happens while the connection waits.
func TestLookingBackInTime(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.mail("shy")
	w.opts.Timing.Rescan = 20 * time.Millisecond
	// Three tries and the first look back: six answers without a body.
	w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: 6})
	w.run()
	w.arrives("quarantined", "shy")
}

// A mail that met a line which broke three times in seconds comes in soon after, long before the
// next look back is due.
func TestBadMinuteOfTheLine(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.mail("unlucky")
	w.opts.Timing.RescanBad = 20 * time.Millisecond
	w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: 8})
	w.run()
	w.arrives("quarantined", "unlucky")
}

// Looking back finds a lower UID that showed up late, and fetches nothing twice.
func TestLookingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.run()
	w.ready()
	for _, s := range []string{"one", "two", "three"} {
		w.mail(s)
	}
	w.arrives("one", "two", "three")
	stop()
	var m map[string]any
	if err := json.Unmarshal(w.journal.read().state, &m); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m["done"], m["last"], m["first"]); got != "[[1 3]] 3 1" {
		t.Fatalf("watermark %v", m)
	}
	m["done"] = [][2]imap.UID{{1, 1}, {3, 3}} // as if UID 2 had not been there yet
	w.journal.state, _ = json.Marshal(m)
	w.journal.facts, w.journal.calls = w.journal.facts[:0], nil
	w.run()
	w.arrives("two")
	w.mail("four")
	w.arrives("two", "four")
	if len(w.journal.read().calls) != 2 {
		t.Errorf("%d calls of Accept, want 2", len(w.journal.read().calls))
	}
}

// Case 32: a mail that leaves the folder and comes back has a new UID and is the same
// fact; so is its twin in another folder.
func TestCase32Reinboxed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.ready()
	w.mail("moving")
	w.arrives("moving")
	move := func(from, to string) {
		if _, err := w.program(from).Move(imap.SeqSetNum(1), to).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	move("INBOX", "Archive")
	move("Archive", "INBOX")
	w.journal.wait(t, "the second fetch", func() bool { return len(w.journal.calls) >= 2 })
	w.mail("next")
	w.arrives("moving", "next")
	if a, b := w.journal.read().calls[0][0], w.journal.read().calls[1][0]; a.ExternalID != b.ExternalID {
		t.Errorf("%s and %s", a.ExternalID, b.ExternalID)
	}
}

// A mail that somebody puts into the folder later is new, however old it is.
func TestCase32OldMailMovedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("INBOX", "Message-ID: <a@x>\nSubject: there before us\n\nx\n", time.Now())
	w.put("Archive", "Message-ID: <b@x>\nSubject: from the archive\n\nx\n", time.Now().AddDate(-1, 0, 0))
	w.run()
	w.ready()
	if _, err := w.program("Archive").Move(imap.SeqSetNum(1), "INBOX").Wait(); err != nil {
		t.Fatal(err)
	}
	w.arrives("from the archive")
}

func TestOverloadIsWaitedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.refuse = []error{channels.ErrOverloaded, errors.New("no database"), channels.ErrOverloaded}
	w.run()
	w.ready()
	w.mail("one")
	w.arrives("one")
	if len(w.journal.read().calls) != 4 {
		t.Errorf("%d calls of Accept, want 4", len(w.journal.read().calls))
	}
}

// A server that gives mails other ids than ours leaves our header in place: a bounce that returns it names the message.
func TestBounceOfARenamedMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].RewriteMessageID = true })
	o := reply()
	if err := w.SetRecipient(mailfake.RecipientRule{Address: o.To[0].Key, Policy: mailfake.PolicyBounce}); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.ready()
	c := w.channel()
	if _, err := c.Send(within(t, patience), o); err != nil {
		t.Fatal(err)
	}
	w.journal.wait(t, "the bounce", func() bool { return len(w.journal.facts) == 1 })

	ins, err := c.Decode(w.journal.read().facts[0].Payload)
	if err != nil || len(ins) != 1 || ins[0].Status == nil {
		t.Fatalf("%v: %+v", err, ins)
	}
	storedID := strings.Trim(w.Submissions()[0].StoredID, "<>")
	if s := ins[0].Status; s.State != channels.StateFailed || s.MessageID != o.MessageID || len(s.External) == 0 || s.External[0] != storedID {
		t.Errorf("%+v, want message %d and id %s", s, o.MessageID, storedID)
	}
}
