package email

import (
	"fmt"
	"testing"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// sendCounted sends the n-th mail by a channel, and checks how many copies are in Sent afterwards.
func (w *world) sendCounted(c *Channel, n, wantCopies int) channels.Receipt {
	w.t.Helper()
	o := reply()
	o.MessageID += int64(n)
	got, err := c.Send(testContext(w.t), o)
	if err != nil {
		w.t.Fatalf("mail %d: %v", n, err)
	}
	wantEqual(w.t, fmt.Sprintf("copies in Sent after mail %d", n), len(w.Sent(support)), wantCopies)
	return got
}

// The setting save_sent decides whether Parley files a copy. With "auto" it files none if the server does.
func TestCopyToSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		saveSent      string
		serverSaves   bool
		copiesPerMail int
	}{
		{name: "on", saveSent: "on", copiesPerMail: 1},
		{name: "off", saveSent: "off", copiesPerMail: 0},
		{name: "auto", saveSent: "auto", copiesPerMail: 1},
		{name: "auto, where the server saves", saveSent: "auto", serverSaves: true, copiesPerMail: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].SaveToSent = tt.serverSaves })
			w.config["save_sent"] = tt.saveSent
			w.sendCounted(w.channel(), 1, tt.copiesPerMail)
			w.sendCounted(w.channel(), 2, 2*tt.copiesPerMail)
		})
	}
}

// If a copy can't be filed, the mail leaves all the same, and the next copy is filed.
func TestCopyThatCannotBeFiled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		fault       mailfake.Fault
		wantTrouble string
	}{
		{
			name: "APPEND refused",
			fault: mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionReply, ResponseCode: "OVERQUOTA",
				Text: "Quota exceeded."},
			wantTrouble: "copies can't be filed in the mailbox: Quota exceeded.",
		},
		{name: "connection lost at APPEND", fault: mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropBefore}},
		{name: "login refused", fault: mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "on"
			w.addFault(tt.fault)
			wantTrouble(t, w.sendCounted(w.channel(), 1, 0), tt.wantTrouble)
			wantTrouble(t, w.sendCounted(w.channel(), 2, 1), "")
		})
	}
}

// wantTrouble checks the message for admins beside a sent mail: a part of it, or "" for none.
func wantTrouble(t *testing.T, got channels.Receipt, part string) {
	t.Helper()
	wantEqual(t, "admins are told something", got.Trouble != nil, part != "")
	if got.Trouble != nil {
		wantContains(t, "what admins are told", got.Trouble.Text, part)
	}
}
