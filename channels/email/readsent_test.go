package email

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailfake"
)

// newSentWorld makes a world in which Parley looks often, into a mailbox that it looked at once.
func newSentWorld(t *testing.T, change ...func(*mailfake.Options)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.run()
	w.ready()
	w.sentWatched()
	return w
}

// sentWatched waits until the watermark says that the folder of sent mail is read.
func (w *world) sentWatched() {
	w.t.Helper()
	w.journal.wait(w.t, "a watermark of the folder of sent mail", func() bool { return strings.Contains(string(w.journal.state), `"sent":{`) })
}

// answers writes an answer to the newest mail of the inbox, as somebody does who opens the mailbox
// with a mail program.
func (w *world) answers(text string, change ...func(*mailfake.Mail)) mailfake.Sent {
	w.t.Helper()
	inbox := w.Inbox(support)
	m := mailfake.Mail{Subject: text, Text: text}
	for _, c := range change {
		c(&m)
	}
	sent, err := w.Customer("Acme Support <"+support+">").ReplyWith(inbox[len(inbox)-1], m)
	if err != nil {
		w.t.Fatal(err)
	}
	return sent
}

// what somebody writes in the mailbox itself is taken once, what Parley sends is not.
func TestSentFolderIsRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mailfake.MailboxConfig){
		"Parley files a copy": func(*mailfake.MailboxConfig) {},
		"the server files":    func(c *mailfake.MailboxConfig) { c.SaveToSent = true },
		"it replaces ids":     func(c *mailfake.MailboxConfig) { c.SaveToSent, c.RewriteMessageID = true, true },
		"localised name":      func(c *mailfake.MailboxConfig) { c.SentFolder = "[Mail]/Odeslaná" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSentWorld(t, func(o *mailfake.Options) { change(&o.Mailboxes[0]) })
			w.mail("Question")
			w.arrives("Question")
			if _, err := w.channel().Send(within(t, patience), reply()); err != nil {
				t.Fatal(err)
			}
			want := []string{"Question"}
			isRenamed := name == "it replaces ids"
			if isRenamed { // what Parley sent comes back, so that its new id is known
				want = append(want, replySubject)
				w.arrives(want...)
				w.namesAgain(1)
			}
			first := w.answers("Answer")
			want = append(want, "Answer")
			w.arrives(want...)
			w.answers("Another")
			w.arrives(append(want, "Another")...)
			ins, err := w.channel().Decode(w.journal.read().facts[len(want)-1].Payload)
			if err != nil || len(ins) != 1 {
				t.Fatalf("%v: %+v", err, ins)
			}
			in := ins[0]
			if in.Kind != channels.InboundForeign || in.ExternalID != strings.Trim(first.MessageID, "<>") || in.Foreign.Author != "Acme Support" ||
				in.Foreign.Origin != "from the mailbox by "+support || in.From.Key != "" || len(in.Envelope.To) != 1 || in.Envelope.To[0].Key != "ann@customer.test" {
				t.Errorf("%+v", in)
			}
			for _, call := range w.journal.read().calls {
				if s := subjectsOf(call); !isRenamed && slices.Contains(s, replySubject) {
					t.Errorf("Parley's own mail was fetched: %q", s)
				}
			}
		})
	}
}

// replySubject is the subject with which reply() leaves.
const replySubject = "Re: Printer on fire"

// namesAgain checks that the n-th fact says by which id the server knows the mail of reply(), and makes no message of it.
func (w *world) namesAgain(n int) {
	w.t.Helper()
	ins, err := w.channel().Decode(w.journal.read().facts[n].Payload)
	if err != nil || len(ins) != 1 {
		w.t.Fatalf("%v: %+v", err, ins)
	}
	storedID := strings.Trim(w.Submissions()[0].StoredID, "<>")
	if in := ins[0]; in.Kind != channels.InboundOwn || in.ExternalID != storedID || in.Answers.Message != reply().MessageID {
		w.t.Errorf("%+v, want message %d as %s", in, reply().MessageID, storedID)
	}
}

// Outlook.com gives a mail another id and takes our headers out of it. The copy in the folder of sent mail keeps them, so
// it tells which message a bounce is about that names only the other id.
func TestBounceOfAMailWithoutOurHeaders(t *testing.T) {
	t.Parallel()
	w := newSentWorld(t, func(o *mailfake.Options) {
		o.Mailboxes[0].SaveToSent, o.Mailboxes[0].RewriteMessageID, o.Mailboxes[0].StripHeaders = true, true, true
	})
	if err := w.SetRecipient(mailfake.RecipientRule{Address: reply().To[0].Key, Policy: mailfake.PolicyBounce}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.channel().Send(within(t, patience), reply()); err != nil {
		t.Fatal(err)
	}
	w.journal.wait(t, "copy and bounce", func() bool { return len(w.journal.facts) == 2 })

	for i, f := range w.journal.read().facts {
		if subjectOf(f) == replySubject {
			w.namesAgain(i)
			continue
		}
		ins, err := w.channel().Decode(f.Payload)
		if err != nil || len(ins) != 1 || ins[0].Status == nil {
			t.Fatalf("%v: %+v", err, ins)
		}
		if got := ins[0].Status.External; len(got) == 0 || got[0] != strings.Trim(w.Submissions()[0].StoredID, "<>") {
			t.Errorf("the bounce names %q", got)
		}
	}
}

// What came while nobody looked is taken in the order in which it arrived in both folders, the first
// time and later; older mail, and what is moved into the folder, is left.
func TestSentMailInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-3 * time.Hour)
	w.arrived("INBOX", "question", 100*time.Minute)
	w.arrived("Sent", "years before", 50*time.Hour)
	w.arrived("Sent", "the day before", 20*time.Hour)
	w.arrived("Sent", "answer", 90*time.Minute)
	w.arrived("INBOX", "thanks", 80*time.Minute)
	w.arrived("INBOX", "and one more", 79*time.Minute)
	w.arrived("Sent", "more answers", 70*time.Minute)
	w.arrived("Sent", "welcome", 69*time.Minute)
	stop := w.run()
	w.arrives("question", "answer", "thanks", "and one more", "more answers", "welcome")
	w.sentWatched()
	stop()
	w.arrived("INBOX", "later question", 60*time.Minute)
	w.arrived("Sent", "later answer", 50*time.Minute)
	w.arrived("Sent", "moved here", 30*24*time.Hour)
	w.arrived("INBOX", "later thanks", 40*time.Minute)
	w.run()
	w.arrives("question", "answer", "thanks", "and one more", "more answers", "welcome", "later question", "later answer", "later thanks")
}

// A mailbox that an older version read begins with what is sent from now on.
func TestSentFolderAfterAnUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-time.Hour)
	w.arrived("Sent", "before the upgrade", 30*time.Minute)
	w.journal.state = []byte(`{"v":1,"folder":"INBOX","uidvalidity":1,"first":1,"last":0,"newest_at":"2026-11-21T09:00:00Z","started_at":"2026-11-21T09:00:00Z","done":[]}`)
	if err := w.ChangeUIDValidity(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.run()
	w.sentWatched()
	w.mail("question")
	w.answers("answer")
	w.arrives("question", "answer")
}

// A process that ends between storing an answer and noting that it did finds it again: one fact. So
// does one that finds the folder renumbered.
func TestSentMailIsStoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Timing.Poll = 10 * time.Millisecond
	stop := w.run()
	w.ready()
	w.sentWatched()
	w.mail("question")
	w.arrives("question")
	before := slices.Clone(w.journal.read().state)
	w.answers("answer")
	w.arrives("question", "answer")
	stop()
	w.journal.state = before // as if it had died before the watermark
	stop = w.run()
	w.answers("second")
	w.arrives("question", "answer", "second")
	stop()
	if err := w.ChangeUIDValidity(support, "Sent"); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.answers("third")
	w.arrives("question", "answer", "second", "third")
	if n := len(w.journal.read().calls); n < 5 {
		t.Errorf("%d calls: nothing was stored again", n)
	}
}

// A folder of sent mail that can't be listed, opened or read never keeps the inbox from being read.
func TestSentFolderInTrouble(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]mailfake.Fault{
		"no list":      {Op: mailfake.OpLIST, Action: mailfake.ActionReply},
		"silent list":  {Op: mailfake.OpLIST, Action: mailfake.ActionDelay},
		"no status":    {Op: mailfake.OpSTATUS, Action: mailfake.ActionReply},
		"hang-up":      {Op: mailfake.OpSTATUS, Action: mailfake.ActionBye},
		"refused open": {Op: mailfake.OpSELECT, Action: mailfake.ActionReply, Nth: 2},
		"renumbered":   {Op: mailfake.OpSELECT, Action: mailfake.ActionUIDValidity, Nth: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Timing.Command = time.Second
			fault.Times = mailfake.Forever
			if fault.Op == mailfake.OpSELECT {
				fault.Times = 1
			}
			w.fault(fault)
			w.arrived("Sent", "an answer", time.Minute)
			idle := w.idling(mailfake.Fault{Action: mailfake.ActionExists})
			w.run()
			w.ready()
			w.struck(idle, 1)
			w.mail("one")
			w.arrives("one")
			w.mail("two")
			w.arrives("one", "two")
		})
	}
}

// A customer's mail that comes while the folder of sent mail is open is announced by nobody. It is
// taken all the same, without waiting for the next look.
func TestMailThatComesBesideSentMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accept, once := w.env.Accept, sync.Once{}
	w.env.Accept = func(ctx context.Context, facts ...channels.Fact) error {
		if slices.Contains(subjectsOf(facts), "answer") {
			once.Do(func() {
				if _, err := w.Customer("kim@customer.test").Send(mailfake.Mail{To: []string{support}, Subject: "meanwhile"}); err != nil {
					t.Error(err)
				}
			})
		}
		return accept(ctx, facts...)
	}
	w.run()
	w.ready()
	w.sentWatched()
	w.arrived("Sent", "answer", time.Minute)
	w.mail("question")
	w.arrives("answer", "question", "meanwhile")
}

// A folder that the account names is read, and what lies in it is as little the inbox's as ever.
func TestNamedSentFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].Folders = []string{"Répondus"} })
	w.config["sent_folder"] = "Répondus"
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.run()
	w.ready()
	w.sentWatched()
	w.arrived("Répondus", "answer", 0)
	w.arrives("answer")
	if head, _ := inbound.SplitPayload(w.journal.read().facts[0].Payload); !head.Sent || head.Folder != "Répondus" {
		t.Errorf("%+v", head)
	}
	if text := w.checked("Sent folder"); !strings.HasPrefix(text, "Répondus;") {
		t.Errorf("doctor says %q", text)
	}
	w.config["sent_folder"] = "Nowhere"
	if text := w.checked("Sent folder"); !strings.Contains(text, `"Nowhere" can't be opened`) {
		t.Errorf("doctor says %q", text)
	}
}
