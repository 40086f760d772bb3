package engine_test

import (
	"os"
	"strings"
	"testing"

	"parley/channels"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// mailReading is a channel that reads real mails.
type mailReading struct {
	channels.Channel
	reader channels.Channel
}

func (r mailReading) Decode(raw []byte) ([]channels.Inbound, error) { return r.reader.Decode(raw) }

// A thread shows what a mail says and nobody has said before, wherever it stands in it, and hides what it repeats.
func TestMailsThatRepeatWhatWasSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	// It must not report on itself, as the reader would.
	w.engines[0].SetChannel(w.accounts[mail], mailReading{w.engines[0].Channel(w.accounts[mail]), w.newMailReader()})
	receive := func(name, raw string) {
		t.Helper()
		head := "Message-ID: <" + name + "@customer.test>\r\nReferences: <first@customer.test>\r\n"
		fact := channels.Fact{ExternalID: name, OrderKey: "mailbox", Payload: []byte(head + strings.ReplaceAll(raw, "\n", "\r\n"))}
		check(t, w.engines[0].Accept(t.Context(), w.accounts[mail], fact))
	}
	receive("first", "From: Theo Lang <theo@customer.test>\nTo: help@acme.test\nSubject: Router\n\n"+
		"My router blinks, and I can reach nobody.\n\n-- \nTheo Lang\nLang & Sons\n")
	thread := w.waitThread("My router blinks")
	w.waitShown("Lang & Sons")
	w.reply(thread, "Hello Theo,\nwhich model is it, please?\nSince when does it blink?")
	w.provider.WaitTexts(t, "Hello Theo,\nwhich model is it, please?\nSince when does it blink?")

	for _, tt := range []struct {
		name          string
		shown, hidden []string
	}{
		{name: "gmail", shown: []string{"The R-200."}, hidden: []string{"Theo", "which model", "blink", "schrieb"}},
		{name: "pasted-headers", shown: []string{"shop@shop.test", "Your code is 4411", "mx1.shop.test"}, hidden: []string{"which model", "wrote:"}},
		{name: "pasted-mail", shown: []string{"Here they are:", "shop@shop.test", "The code does not work."}},
		{name: "console", shown: []string{"error 14", "error 15 in unit B"}},
		{name: "wingdings", shown: []string{"the help 🙂", "Late 🙁", "the arrow → points"}},
		{name: "outlook-inline", shown: []string{
			"answers are in red", "which model is it, please?\n\nIt is the R-200.", "Since when does it blink?\n\nSince Tuesday.",
		}, hidden: []string{"From:", "Sent:", "Subject:"}},
	} {
		raw := must(os.ReadFile("testdata/quotes/" + tt.name + ".eml"))(t)
		receive(tt.name, string(raw))
		said := w.waitShown(tt.shown[0])
		for _, words := range tt.shown {
			if !strings.Contains(said.Text, words) {
				t.Errorf("%s: the thread shows %q, want %q in it", tt.name, said.Text, words)
			}
		}
		for _, words := range tt.hidden {
			if strings.Contains(said.Text, words) {
				t.Errorf("%s: the thread shows %q, want it without %q", tt.name, said.Text, words)
			}
		}
		linked := w.count(`SELECT count(*) FROM messages WHERE external_id = $1 AND has_html AND quoted <> ''`, tt.name+"@customer.test")
		wantEqual(t, tt.name+": it is linked with what is hidden", linked == 1, len(tt.hidden) > 0)
	}
}
