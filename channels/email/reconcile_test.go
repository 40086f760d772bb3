package email

import (
	"testing"
	"time"

	"parley/channels"
	emailmessage "parley/channels/email/message"
)

// Reconcile looks into the folder of sent mail to find out what became of a message whose answer was lost. If the message
// isn't there it may still have been sent. Reconcile calls it absent only if other mails prove that the server, or
// Parley, files a copy of each mail.

// These are SMTP hosts of providers. Parley knows whether they file copies of sent mail.
const (
	microsoft = "smtp.office365.com"
)

// These are ids of Parley's mails in one conversation, in the order of sending.
func earlierID() string { return messageID(32) }
func newerID() string   { return messageID(33) }
func askedID() string   { return messageID(34) } // of reply(), which is looked for

func messageID(message int64) string {
	return emailmessage.Message(testKeys()[0], 12, message, "acme.test")
}

// filedByServer returns a mail as a server files it in the folder of sent mail.
func filedByServer(id string) string {
	return "Message-ID: <" + id + ">\nFrom: support@acme.test\nSubject: Re: x\n\nx\n"
}

// filedByUs returns a mail as Parley files it.
func filedByUs(id string) string {
	return emailmessage.CopyHeader + ": filed by Parley\n" + filedByServer(id)
}

// appendSent puts a mail into the folder of sent mail.
func (w *world) appendSent(raw string) {
	w.t.Helper()
	w.appendMail("Sent", raw, time.Time{})
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
			sent: []string{filedByUs(emailmessage.Message(testKeys()[1], 12, 34, "acme.test"))}, want: channels.Landed,
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
