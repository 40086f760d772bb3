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
	w.watch()
	w.waitSentWatched()
	return w
}

// waitSentWatched waits until the watermark says that the folder of sent mail is read.
func (w *world) waitSentWatched() {
	w.t.Helper()
	w.journal.wait(w.t, "a watermark of the folder of sent mail", func() bool { return strings.Contains(string(w.journal.state), `"sent":{`) })
}

// answerInMailbox writes an answer to the newest mail of the inbox, as somebody does who opens the mailbox
// with a mail program.
func (w *world) answerInMailbox(text string, change ...func(*mailfake.Mail)) mailfake.Sent {
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
	for name, tc := range map[string]struct {
		change    func(*mailfake.MailboxConfig)
		isRenamed bool // the server gives what Parley sent another id
	}{
		"Parley files a copy": {change: func(*mailfake.MailboxConfig) {}},
		"the server files":    {change: func(c *mailfake.MailboxConfig) { c.SaveToSent = true }},
		"it replaces ids":     {change: func(c *mailfake.MailboxConfig) { c.SaveToSent, c.RewriteMessageID = true, true }, isRenamed: true},
		"localised name":      {change: func(c *mailfake.MailboxConfig) { c.SentFolder = "[Mail]/Odeslaná" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSentWorld(t, func(o *mailfake.Options) { tc.change(&o.Mailboxes[0]) })
			w.deliver("Question")
			w.wantStored("Question")
			if _, err := w.channel().Send(testContext(t), reply()); err != nil {
				t.Fatal(err)
			}
			want := []string{"Question"}
			if tc.isRenamed { // what Parley sent comes back, so that its new id is known
				want = append(want, replySubject)
				w.wantStored(want...)
				w.wantRenamed(1)
			}
			first := w.answerInMailbox("Answer")
			want = append(want, "Answer")
			w.wantStored(want...)
			w.answerInMailbox("Another")
			w.wantStored(append(want, "Another")...)
			in := w.decodeOne(w.journal.read().facts[len(want)-1])
			wantEqual(t, "kind", in.Kind, channels.InboundForeign)
			wantEqual(t, "id", in.ExternalID, strings.Trim(first.MessageID, "<>"))
			wantEqual(t, "author and origin", in.Foreign, channels.Foreign{Author: "Acme Support", Origin: "from the mailbox by " + support})
			wantEqual(t, "customer who wrote it", in.From.Key, "")
			if to := in.Envelope.To; len(to) != 1 || to[0].Key != "ann@customer.test" {
				t.Errorf("got the recipients %+v, want the customer", to)
			}
			for _, call := range w.journal.read().calls {
				if s := subjectsOf(call); !tc.isRenamed && slices.Contains(s, replySubject) {
					t.Errorf("fetched %q, want nothing that Parley sent", s)
				}
			}
		})
	}
}

// replySubject is the subject with which reply() leaves.
const replySubject = "Re: Printer on fire"

// wantRenamed checks that the n-th fact says by which id the server knows the mail of reply(), and makes no message of it.
func (w *world) wantRenamed(n int) {
	w.t.Helper()
	in := w.decodeOne(w.journal.read().facts[n])
	wantEqual(w.t, "kind", in.Kind, channels.InboundOwn)
	wantEqual(w.t, "id", in.ExternalID, w.storedID())
	wantEqual(w.t, "message", in.Answers.Message, reply().MessageID)
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
	if _, err := w.channel().Send(testContext(t), reply()); err != nil {
		t.Fatal(err)
	}
	w.journal.wait(t, "copy and bounce", func() bool { return len(w.journal.facts) == 2 })

	for i, f := range w.journal.read().facts {
		if subjectOf(f) == replySubject {
			w.wantRenamed(i)
			continue
		}
		bounce := w.decodeOne(f).Status
		if bounce == nil || len(bounce.External) == 0 {
			t.Fatalf("got the status %+v, want one with an id", bounce)
		}
		wantEqual(t, "id in the bounce", bounce.External[0], w.storedID())
	}
}

// What came while nobody looked is taken in the order in which it arrived in both folders, the first
// time and later; older mail, and what is moved into the folder, is left.
func TestSentMailInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-3 * time.Hour)
	w.appendReceived("INBOX", "question", 100*time.Minute)
	w.appendReceived("Sent", "years before", 50*time.Hour)
	w.appendReceived("Sent", "the day before", 20*time.Hour)
	w.appendReceived("Sent", "answer", 90*time.Minute)
	w.appendReceived("INBOX", "thanks", 80*time.Minute)
	w.appendReceived("INBOX", "and one more", 79*time.Minute)
	w.appendReceived("Sent", "more answers", 70*time.Minute)
	w.appendReceived("Sent", "welcome", 69*time.Minute)
	stop := w.run()
	w.wantStored("question", "answer", "thanks", "and one more", "more answers", "welcome")
	w.waitSentWatched()
	stop()
	w.appendReceived("INBOX", "later question", 60*time.Minute)
	w.appendReceived("Sent", "later answer", 50*time.Minute)
	w.appendReceived("Sent", "moved here", 30*24*time.Hour)
	w.appendReceived("INBOX", "later thanks", 40*time.Minute)
	w.run()
	w.wantStored("question", "answer", "thanks", "and one more", "more answers", "welcome", "later question", "later answer", "later thanks")
}

// A mailbox that an older version read begins with what is sent from now on.
func TestSentFolderAfterAnUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("Sent", "before the upgrade", 30*time.Minute)
	w.journal.state = []byte(`{"v":1,"folder":"INBOX","uidvalidity":1,"first":1,"last":0,"newest_at":"2026-11-21T09:00:00Z","started_at":"2026-11-21T09:00:00Z","done":[]}`)
	if err := w.ChangeUIDValidity(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.run()
	w.waitSentWatched()
	w.deliver("question")
	w.answerInMailbox("answer")
	w.wantStored("question", "answer")
}

// A process that ends between storing an answer and noting that it did finds it again: one fact. So
// does one that finds the folder renumbered.
func TestSentMailIsStoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Timing.Poll = 10 * time.Millisecond
	stop := w.watch()
	w.waitSentWatched()
	w.deliver("question")
	w.wantStored("question")
	before := slices.Clone(w.journal.read().state)
	w.answerInMailbox("answer")
	w.wantStored("question", "answer")
	stop()
	w.journal.state = before // as if it had died before the watermark
	stop = w.run()
	w.answerInMailbox("second")
	w.wantStored("question", "answer", "second")
	stop()
	if err := w.ChangeUIDValidity(support, "Sent"); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.answerInMailbox("third")
	w.wantStored("question", "answer", "second", "third")
	if n := len(w.journal.read().calls); n < 5 {
		t.Errorf("got %d calls of Accept, want at least 5, since answers are stored again", n)
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
			w.addFault(fault)
			w.appendReceived("Sent", "an answer", time.Minute)
			idle := w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists})
			w.watch()
			w.waitFault(idle, 1)
			w.deliver("one")
			w.wantStored("one")
			w.deliver("two")
			w.wantStored("one", "two")
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
	w.watch()
	w.waitSentWatched()
	w.appendReceived("Sent", "answer", time.Minute)
	w.deliver("question")
	w.wantStored("answer", "question", "meanwhile")
}

// A folder that the account names is read, and what lies in it is as little the inbox's as ever.
func TestNamedSentFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].Folders = []string{"Répondus"} })
	w.config["sent_folder"] = "Répondus"
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.watch()
	w.waitSentWatched()
	w.appendReceived("Répondus", "answer", 0)
	w.wantStored("answer")
	head, _ := inbound.SplitPayload(w.journal.read().facts[0].Payload)
	wantEqual(t, "folder", head.Folder, "Répondus")
	wantEqual(t, "it is of the folder of sent mail", head.Sent, true)
	wantText(t, "finding", w.checkedText("Sent folder"), "Répondus;")
	w.config["sent_folder"] = "Nowhere"
	wantText(t, "finding", w.checkedText("Sent folder"), `"Nowhere" can't be opened`)
}

// A server that gives mails other ids than ours leaves our header in place: a bounce that returns it names the message.
func TestBounceOfARenamedMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].RewriteMessageID = true })
	o := reply()
	if err := w.SetRecipient(mailfake.RecipientRule{Address: o.To[0].Key, Policy: mailfake.PolicyBounce}); err != nil {
		t.Fatal(err)
	}
	w.watch()
	c := w.channel()
	if _, err := c.Send(testContext(t), o); err != nil {
		t.Fatal(err)
	}
	w.journal.wait(t, "the bounce", func() bool { return len(w.journal.facts) == 1 })

	bounce := w.decodeOne(w.journal.read().facts[0]).Status
	if bounce == nil || len(bounce.External) == 0 {
		t.Fatalf("got the status %+v, want one with an id", bounce)
	}
	wantEqual(t, "state", bounce.State, channels.StateFailed)
	wantEqual(t, "message", bounce.MessageID, o.MessageID)
	wantEqual(t, "id", bounce.External[0], w.storedID())
}

// decodeOne returns the one thing that a fact means.
func (w *world) decodeOne(f channels.Fact) channels.Inbound {
	w.t.Helper()
	ins, err := w.channel().Decode(f.Payload)
	if err != nil || len(ins) != 1 {
		w.t.Fatalf("decoded as %+v, %v; want one thing", ins, err)
	}
	return ins[0]
}

// storedID is the id that the server gave the first mail that we sent.
func (w *world) storedID() string { return strings.Trim(w.Submissions()[0].StoredID, "<>") }
