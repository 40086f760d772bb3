package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
	"parley/channels/email/mailid"
)

// Reconcile looks into the folder of sent mail to find out what became of a message whose answer was lost. If the message
// isn't there it may still have been sent. Reconcile calls it absent only if other mails prove that the server, or
// Parley, files a copy of each mail.

// These are SMTP hosts of providers. Parley knows whether they file copies of sent mail.
const (
	gmail     = "smtp.gmail.com"
	microsoft = "smtp.office365.com"
)

// These are ids of Parley's mails in one conversation, in the order of sending.
func earlierID() string { return messageID(32) }
func newerID() string   { return messageID(33) }
func askedID() string   { return messageID(34) } // of reply(), which is looked for

func messageID(message int64) string { return mailid.Message(testKeys()[0], 12, message, "acme.test") }

// filedByServer returns a mail as a server files it in the folder of sent mail.
func filedByServer(id string) string {
	return "Message-ID: <" + id + ">\nFrom: support@acme.test\nSubject: Re: x\n\nx\n"
}

// filedByUs returns a mail as Parley files it.
func filedByUs(id string) string {
	return mailid.CopyHeader + ": filed by Parley\n" + filedByServer(id)
}

// appendSent puts a mail into the folder of sent mail.
func (w *world) appendSent(raw string) {
	w.t.Helper()
	w.appendMail("Sent", raw, time.Time{})
}

// wantOutcome checks what Reconcile finds of reply().
func (w *world) wantOutcome(want channels.Outcome) {
	w.t.Helper()
	wantOutcomeOf(w.t, w.channel(), reply(), want)
}

// wantOutcomeOf checks what the Reconcile of a channel finds of a message.
func wantOutcomeOf(t *testing.T, c *Channel, o channels.Outbound, want channels.Outcome) {
	t.Helper()
	got, receipt, err := c.Reconcile(testContext(t), o)
	noError(t, err)
	wantEqual(t, "outcome", got, want)
	if got == channels.Landed && receipt.ExternalID == "" {
		t.Errorf("receipt: got %+v, want one with an id", receipt)
	}
}

// wantNoOutcome checks that Reconcile can't tell what became of reply(), and that an error says why.
func (w *world) wantNoOutcome() {
	w.t.Helper()
	got, _, err := w.channel().Reconcile(testContext(w.t), reply())
	wantEqual(w.t, "outcome", got, channels.CannotTell)
	if err == nil {
		w.t.Error("Reconcile: no error, want the reason why it can't tell")
	}
}

// sentFolderTest says what Reconcile finds of reply() by what lies in the folder of sent mail.
type sentFolderTest struct {
	name    string
	save    string   // the setting save_sent: on means that Parley files, off that the server does
	host    string   // SMTP server, for auto; "" means one that isn't known
	sent    []string // mails in the folder
	refers  []string // mails of the conversation that reply() refers to, beside the customer's
	changes rewrite  // of the server's responses; nil means none
	want    channels.Outcome
}

func (tt sentFolderTest) run(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["save_sent"] = tt.save
	if tt.host != "" {
		w.config["smtp.host"] = tt.host
	}
	for _, raw := range tt.sent {
		w.appendSent(raw)
	}
	if tt.changes != nil {
		w.putOddServerBetween(greetAsServer, tt.changes)
	}
	o := reply()
	o.References = append(o.References, tt.refers...)
	wantOutcomeOf(t, w.channel(), o, tt.want)
}

// A message that is in the folder of sent mail has been sent, whether the server or Parley filed the copy.
func TestReconcileFindsTheMessage(t *testing.T) {
	t.Parallel()
	tests := []sentFolderTest{
		{name: "filed by us", save: "on", sent: []string{filedByUs(askedID())}, want: channels.Landed},
		{name: "filed by the server", save: "off", sent: []string{filedByServer(askedID())}, want: channels.Landed},
		{
			name: "signed by an older key", save: "on",
			sent: []string{filedByUs(mailid.Message(testKeys()[1], 12, 34, "acme.test"))}, want: channels.Landed,
		},
		{
			name: "Microsoft tells the id that it replaced",
			save: "auto",
			host: microsoft,
			sent: []string{"X-Microsoft-Original-Message-ID: <" + askedID() + ">\n" + filedByServer("AM0P@prod.outlook.com")},
			want: channels.Landed,
		},
		{
			name: "the server's search misses it", save: "off", sent: []string{filedByServer(askedID())},
			changes: findingNothing, want: channels.Landed,
		},
		{name: "a longer id is another mail's", save: "on", sent: []string{filedByServer("x" + askedID())}, want: channels.CannotTell},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// If Parley files the copies, a process may have ended between sending a message and filing its copy. So Reconcile calls
// a missing message absent only if the latest mails show that the server files each mail as well.
func TestReconcileWhereParleyFiles(t *testing.T) {
	t.Parallel()
	tests := []sentFolderTest{
		{name: "nothing there", save: "on", want: channels.CannotTell},
		{
			name: "another one filed by us", save: "on", sent: []string{filedByUs(earlierID())}, refers: []string{earlierID()},
			want: channels.CannotTell,
		},
		{name: "the server files as well", save: "on", sent: []string{filedByServer(earlierID())}, want: channels.Absent},
		{
			name: "the server did, and we file now", save: "on",
			sent: []string{filedByServer(earlierID()), filedByUs(newerID())}, want: channels.CannotTell,
		},
		{
			name: "we did, and the server files now", save: "on",
			sent: []string{filedByUs(earlierID()), filedByServer(newerID())}, want: channels.Absent,
		},
		{name: "both file each mail", save: "on", sent: []string{filedByServer(newerID()), filedByUs(newerID())}, want: channels.Absent},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// If the server files the copies, a missing message is absent, unless an earlier mail of the conversation is missing,
// too.
func TestReconcileWhereTheServerFiles(t *testing.T) {
	t.Parallel()
	tests := []sentFolderTest{
		{name: "first mail", save: "off", want: channels.Absent},
		{
			name: "an earlier mail is there", save: "off", sent: []string{filedByServer(earlierID())},
			refers: []string{earlierID()}, want: channels.Absent,
		},
		{name: "an earlier mail is missing", save: "off", refers: []string{earlierID()}, want: channels.CannotTell},
		{
			name: "the server's search misses an earlier mail", save: "off", sent: []string{filedByServer(earlierID())},
			refers: []string{earlierID()}, changes: findingNothing, want: channels.CannotTell,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// With save_sent at "auto", Reconcile judges by the SMTP host, and by whether the server has filed an earlier mail of
// Parley's.
func TestReconcileByProvider(t *testing.T) {
	t.Parallel()
	tests := []sentFolderTest{
		{name: "unknown provider", save: "auto", want: channels.CannotTell},
		{name: "Gmail, which files each mail", save: "auto", host: gmail, want: channels.Absent},
		{name: "Microsoft, which may not", save: "auto", host: microsoft, want: channels.CannotTell},
		{
			name: "Microsoft, which has filed an earlier mail", save: "auto", host: microsoft,
			sent: []string{filedByServer(earlierID())}, want: channels.Absent,
		},
		{
			name: "Microsoft, which replaces ids", save: "auto", host: microsoft,
			sent: []string{filedByServer("AM0P@prod.outlook.com")}, want: channels.CannotTell,
		},
		{
			name: "case 34: an id with a forged token witnesses nothing", save: "auto", host: microsoft,
			sent: []string{filedByServer("c12.m33.00000000@acme.test")}, want: channels.CannotTell,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// After the account has moved to another server, mails that the former server filed don't count as proof. Only a mail
// that was filed after the move does.
func TestReconcileAfterAMove(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(channels.Config)
	}{
		{name: "another IMAP server", change: func(c channels.Config) { c["imap.host"] = "localhost" }},
		{name: "another SMTP server", change: func(c channels.Config) { c["smtp.host"] = "localhost" }},
		{name: "another SMTP server and folder", change: func(c channels.Config) {
			c["smtp.host"] = "localhost"
			c["folder"] = "Archive"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "on"
			w.lookOnce()
			w.appendMail("Sent", filedByServer(newerID()), time.Now().Add(-time.Hour))
			w.wantOutcome(channels.Absent)

			tt.change(w.config)
			w.wantOutcome(channels.CannotTell) // the mailbox was not read since the move
			stop := w.start()
			w.waitWatermark(`"moved_at"`)
			stop()
			w.wantOutcome(channels.CannotTell) // nothing was filed since the move

			w.appendMail("Sent", filedByServer(newerID()), time.Now().Add(time.Minute))
			w.wantOutcome(channels.Absent)
		})
	}
}

// newWorldWhereSomebodyReads makes a world in which the message is in the folder of sent mail. The server answers the
// given number of FETCHes with flags alone, as it may do while somebody marks the mail as read.
func newWorldWhereSomebodyReads(t *testing.T, fetches int) (w *world, fault string) {
	t.Helper()
	w = newWorld(t)
	w.config["save_sent"] = "off"
	w.appendSent(filedByServer(askedID()))
	fault = w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: fetches})
	return w, fault
}

func TestReconcileWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	w, fault := newWorldWhereSomebodyReads(t, 1)
	w.wantOutcome(channels.Landed)
	w.waitFault(fault, 1)
}

// If the server finds a mail twice without showing it, Reconcile can't tell. If it called the mail absent, Parley would
// send it again.
func TestReconcileWhereTheMailIsNotShown(t *testing.T) {
	t.Parallel()
	w, fault := newWorldWhereSomebodyReads(t, 2)
	w.wantNoOutcome()
	w.waitFault(fault, 2)
}

// An agent may have a mail sent again after it bounced. The copy of the first sending then doesn't prove that the second
// one left.
func TestReconcileSentAgain(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) // the attempt that is looked for
	tests := []struct {
		name  string
		filed []time.Duration // when the copies were filed, after the attempt began
		again int             // how often it was sent again before
		want  channels.Outcome
	}{
		{name: "the first sending", filed: []time.Duration{-time.Hour}, again: 0, want: channels.Landed},
		{name: "only the copy of the first", filed: []time.Duration{-time.Hour}, again: 1, want: channels.CannotTell},
		{name: "both copies", filed: []time.Duration{-time.Hour, time.Second}, again: 1, want: channels.Landed},
		{name: "the first was refused", filed: []time.Duration{time.Second}, again: 1, want: channels.Landed},
		{name: "the server's clock is behind", filed: []time.Duration{-time.Hour, -20 * time.Second}, again: 1, want: channels.Landed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "off"
			for _, after := range tt.filed {
				w.appendMail("Sent", filedByServer(askedID()), began.Add(after))
			}
			o := reply()
			o.Attempt = channels.Attempt{Number: 1, Again: tt.again, FirstAt: began}
			wantOutcomeOf(t, w.channel(), o, tt.want)
		})
	}
}

// If a mail was sent again after a bounce, the copy of its first sending doesn't count, even if only one of Reconcile's
// two ways finds it: the server may have replaced its Message-ID, or more mails may lie above it than Reconcile reads.
func TestReconcileSentAgainLongAgo(t *testing.T) {
	t.Parallel()
	const mails = 60
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		copy   string
		behind int // mails that were filed since
	}{
		{name: "under another id", copy: mailid.MessageHeader + ": <" + askedID() + ">\n" + filedByServer("replaced@acme.test"), behind: 0},
		{name: "behind many mails", copy: filedByServer(askedID()), behind: mails},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "off"
			w.appendMail("Sent", tt.copy, began.Add(-time.Hour))
			for n := range tt.behind {
				w.appendMail("Sent", filedByServer(fmt.Sprintf("%d@acme.test", n)), began)
			}
			o := reply()
			o.Attempt = channels.Attempt{Number: 1, Again: 1, FirstAt: began}
			wantOutcomeOf(t, w.channel(), o, channels.CannotTell)
		})
	}
}

func TestReconcileWithoutSentFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["save_sent"] = "off"
	w.deleteSentFolder()
	w.wantOutcome(channels.CannotTell)
}

// deleteSentFolder deletes the folder of sent mail, as a mail program does.
func (w *world) deleteSentFolder() {
	w.t.Helper()
	noError(w.t, w.openAsMailProgram("INBOX").Delete("Sent").Wait())
}

func TestReconcileWithoutLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply})
	w.wantNoOutcome()
}

func TestReconcileWithoutNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.Dialer = failingDialer{}
	w.wantNoOutcome()
}

type failingDialer struct{}

func (failingDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no network")
}
