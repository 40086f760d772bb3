package twilio

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// A text becomes one message with WhatsApp's marks, our number, and an address for its fate.
//
func TestSendText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(9, "**Hello** [site](https://acme.test)")
	o.Signature.Text = "*Acme*"
	r := w.mustSend(o)
	f := w.lastForm()
	wantEqual(t, "Body", f.Get("Body"), "*Hello* site: https://acme.test\n\n_Acme_")
	wantEqual(t, "From", f.Get("From"), waPrefix+waNumber)
	wantEqual(t, "To", f.Get("To"), waPrefix+annPhone)
	wantText(t, "StatusCallback", f.Get("StatusCallback"), "?o=9.0e.")
	wantEqual(t, "parts, which only SMS have", r.Parts, 0)
	w.waitSettled()
	for _, in := range w.waitStatuses(2) {
		wantEqual(t, "the status's message", in.Status.MessageID, 9)
		wantEqual(t, "the status's external id", in.Status.External[0], r.ExternalID)
		wantEqual(t, "the status's customer", in.From.Key, annPhone)
	}
	w.ann.Read()
	w.wait("it was read", func() bool {
		s := w.decoded(channels.InboundStatus)
		return s[len(s)-1].Status.State == channels.StateRead
	})
	w.wantNoAnswers()
}

// SMS are plain, leave by the messaging service if there is one, and list their buttons.
func TestSendSMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS, func(_ *twiliofake.Options, c channels.Config) { c[fieldService] = "MG00000000000000000000000000000001" })
	o := w.outbound(2, "**Which?**")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "This"}, {Title: "That"}}}
	w.mustSend(o)
	wantEqual(t, "Body", w.lastForm().Get("Body"), "Which?\n\n1. This\n2. That")
	wantEqual(t, "MessagingServiceSid", w.lastForm().Get("MessagingServiceSid"), "MG00000000000000000000000000000001")
}

// Twilio's count of an SMS's parts comes back, and it is ours.
func TestPartsOfSMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	one, less := strings.Repeat("a", 160), strings.Repeat("a", 155) // what fits into one part, and a little less
	for name, c := range map[string]struct{ text, signature, body string }{
		"a long text":                     {text: "**" + one + "€**", body: one + "€"},
		"a text made long by a signature": {text: less, signature: "Yours, Acme", body: less + "\n\nYours, Acme"},
	} {
		o := w.outbound(1, c.text)
		o.Signature.Text = c.signature
		wantEqual(t, name+": parts as Twilio says", w.mustSend(o).Parts, 2)
		wantEqual(t, name+": parts as counted here", w.channel.(channels.Counter).Count(c.text, c.signature).Parts, 2)
		wantEqual(t, name+": Body", w.lastForm().Get("Body"), c.body)
	}
}

// A text number takes no files unless MMS is on.
//
func TestFilesBySMS(t *testing.T) {
	t.Parallel()
	picture := publicFile(t, "a.png", "image/png", "png")
	plain := newWorld(t, viaSMS)
	o := plain.outbound(1, "look")
	o.Files = []channels.File{picture}
	plain.wantSendFails("a picture without MMS", o, channels.BadContent)
	wantEqual(t, "files in a message without MMS", plain.channel.Capabilities().Files.PerMessage, 0)

	mms := newWorld(t, viaSMS, func(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = "true" })
	o.Files = []channels.File{picture, picture}
	mms.mustSend(o)
	mms.waitSettled()
	got := mms.takeInbox(1)[0]
	wantEqual(t, "text of the MMS", got.Text, "look")
	if len(got.Media) != 2 {
		t.Fatalf("the MMS has %d files, want 2", len(got.Media))
	}
	wantEqual(t, "second file of the MMS", string(got.Media[1].Content), "png")
}

// By WhatsApp a picture takes its text with it; the text of another file is a message of its own, sent before it.
func TestFilesByWhatsApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(1, "look")
	o.Files = []channels.File{publicFile(t, "a.png", "image/png", "png")}
	wantEqual(t, "more follows a picture with its text", w.mustSend(o).More, false)

	o.DeliveryID, o.Files = 2, []channels.File{publicFile(t, "a.pdf", "application/pdf", "pdf")}
	wantEqual(t, "the document follows its text", w.mustSend(o).More, true)
	wantEqual(t, "Body of the text", w.lastForm().Get("Body"), "look")
	wantText(t, "StatusCallback of the text", w.lastForm().Get("StatusCallback"), ".0m.")
	o.Attempt.Part = 1
	wantEqual(t, "more follows the document", w.mustSend(o).More, false)
	wantEqual(t, "Body of the document", w.lastForm().Get("Body"), "")
	wantEqual(t, "the document has its address", w.lastForm().Get("MediaUrl") != "", true)
	wantText(t, "StatusCallback of the document", w.lastForm().Get("StatusCallback"), ".1e.")
	w.waitSettled()
	const picture, text, document = 1, 1, 1
	wantEqual(t, "the document", string(w.takeInbox(picture + text + document)[2].Media[0].Content), "pdf")
}

// Beside a picture or a film that can't have a caption at Twilio, and if it is too long for one, the text is a message of its own.
func TestTextBesidePictures(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 1025)
	for _, c := range []struct {
		kind, text string
		want       []string // what Ann's phone shows
	}{
		{"image/jpeg", "look", []string{"look"}},
		{"video/mp4", "look", []string{"look"}},
		{"image/gif", "look", []string{"look", ""}},
		{"image/heic", "look", []string{"look", ""}},
		{"video/quicktime", "look", []string{"look", ""}},
		{"image/png", long[1:], []string{long[1:]}},
		{"image/png", long, []string{long, ""}},
	} {
		w := newWorld(t, viaWhatsApp)
		w.annWrites("hi")
		o := w.outbound(1, c.text)
		o.Files = []channels.File{publicFile(t, "a", c.kind, "x")}
		for w.mustSend(o).More {
			o.Attempt.Part++
		}
		w.waitSettled()
		if got := w.ann.Texts(); !slices.Equal(got, c.want) {
			t.Errorf("%s with %d characters: texts on Ann's phone: got %q, want %q", c.kind, len(c.text), got, c.want)
		}
	}
}

// A file that Twilio can't fetch, or that is too large for it, is refused before anything leaves.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(2, "look")
	o.Files = []channels.File{{Name: "a.pdf", ContentType: "application/pdf", SizeBytes: 3}}
	refused := w.wantSendFails("a file without address", o, channels.BadContent)
	wantText(t, "its hint", refused.Hint, "PARLEY_PUBLIC_URL")
	o.Files[0].SizeBytes = 17 << 20
	w.wantSendFails("a file of 17 MiB", o, channels.BadContent)
}

// sendRich sends all parts of a message with buttons and the like.
func (w *world) sendRich(text string, r channels.Rich) error {
	o := w.outbound(1, text)
	o.Rich = &r
	for {
		rc, err := w.send(o)
		if err != nil || !rc.More {
			return err
		}
		o.Attempt.Part++
	}
}

func sampleList() *channels.List {
	rows := []channels.ListRow{{ID: "r1", Title: "One"}, {ID: "r2", Title: "Two", Description: "d"}}
	return &channels.List{Button: "Choose", Sections: []channels.ListSection{{Title: "S", Rows: rows}}}
}

// Buttons, lists and places arrive as such, and an answer to them comes back.
func TestSendRich(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	for _, m := range []struct {
		text string
		rich channels.Rich
	}{
		{text: "Well?", rich: channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}, {ID: "n", Title: "No"}}}},
		{text: "See", rich: channels.Rich{Buttons: []channels.Button{{Title: "Shop", URL: "https://acme.test"}}}},
		{text: "Pick", rich: channels.Rich{List: sampleList()}},
		{text: "Here:", rich: channels.Rich{Location: &channels.Location{Latitude: 52.5, Longitude: 13.4, Name: "Shop|1"}}}, // two messages
	} {
		if err := w.sendRich(m.text, m.rich); err != nil {
			t.Fatalf("%s: %v", m.text, err)
		}
	}
	w.waitSettled()
	got := w.takeInbox(5)
	wantEqual(t, "id of the second button", got[0].Buttons[1].ID, "n")
	wantEqual(t, "the button for a page has its address", got[1].Buttons[0].URL != "", true)
	wantEqual(t, "what opens the list", got[2].List, "Choose")
	wantEqual(t, "id of the second row", got[2].Buttons[1].ID, "r2")
	wantEqual(t, "text before the place", got[3].Text, "Here:")
	wantEqual(t, "place", got[4].Location, "52.5,13.4|Shop 1")

	if _, err := w.ann.Tap(got[0].SID, got[0].Buttons[0]); err != nil {
		t.Fatal(err)
	}
	answer := w.takeMessages(2)[1] // the first is her "hi"
	wantEqual(t, "text of the answer", answer.Text, "Yes")
	wantEqual(t, "message that it answers", answer.Answers.External, got[0].SID)
}

// What WhatsApp has no form for is refused, or becomes words.
func TestRichThatWhatsAppLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	for name, r := range map[string]channels.Rich{
		"four buttons without title": {Buttons: make([]channels.Button, 4)},
		"an untitled button":         {Buttons: []channels.Button{{}}},
		"a list without rows":        {List: &channels.List{Button: "x"}},
	} {
		_ = wantClass(t, name, w.sendRich("x", r), channels.BadContent)
	}
	for want, r := range map[string]channels.Rich{
		"x\n\nKim\n+15550100":                 {Contact: &channels.ContactCard{Name: "Kim", Phones: []string{"+15550100"}}},
		"x\n\n1. a\n2. b – https://acme.test": {Buttons: []channels.Button{{Title: "a"}, {Title: "b", URL: "https://acme.test"}}},
	} {
		if err := w.sendRich("x", r); err != nil {
			t.Errorf("%q: %v", want, err)
		}
		wantEqual(t, "Body", w.lastForm().Get("Body"), want)
	}
}

// A content of which it isn't certain whether Twilio has it sends nothing: it is tried again.
func TestUncertainContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	w.fake.AddFault(twiliofake.Fault{Route: "POST /v1/Content", Kind: twiliofake.FaultErrorAfter})
	_ = wantClass(t, "a list", w.sendRich("x", channels.Rich{List: sampleList()}), channels.Retry)
}

// Edge case 9: the window closes while a message waits; also at Twilio, which tells it late.
func TestEdge9WindowCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	o := w.outbound(1, "late")
	o.LastIn = w.clock.now()
	w.clock.move(25 * time.Hour)
	w.wantSendFails("after a day", o, channels.WindowClosed)
	wantEqual(t, "messages at Twilio: hers alone", len(w.fake.Messages()), 1)

	o.LastIn = time.Time{} // we don't know: Twilio does
	w.mustSend(o)
	s := w.waitStatuses(1)[0].Status
	wantEqual(t, "state", s.State, channels.StateFailed)
	wantEqual(t, "class", s.Class, channels.WindowClosed)
	wantEqual(t, "message", s.MessageID, 1)
	w.takeInbox(0)
}

// Edge case 28: STOP, send, START. Twilio says which word means what, or leaves that to us.
func TestEdge28Stop(t *testing.T) {
	t.Parallel()
	for name, hasOptOutType := range map[string]bool{"by the words": false, "by OptOutType": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaSMS, func(o *twiliofake.Options, _ channels.Config) { o.OptOutType = hasOptOutType })
			w.annWrites("hello")
			if _, err := w.ann.Stop(); err != nil {
				t.Fatal(err)
			}
			refused := w.wantSendFails("after STOP", w.outbound(1, "please stay"), channels.OptedOut)
			wantText(t, "hint", refused.Hint, "START")
			if _, err := w.ann.Start(); err != nil {
				t.Fatal(err)
			}
			w.mustSend(w.outbound(2, "welcome back"))
			w.waitSettled()
			if got := w.ann.Texts(); !slices.Equal(got, []string{"welcome back"}) {
				t.Errorf("Ann got %q, want the message after START alone", got)
			}
			in := w.takeMessages(3)
			wantEqual(t, "the text after hello", in[1].Text, "STOP")
			for i, want := range []*channels.Consent{nil, {OptedOut: true, Silent: true}, {Silent: true}} {
				if got := in[i].Consent; !reflect.DeepEqual(got, want) {
					t.Errorf("consent of %q: got %+v, want %+v", in[i].Text, got, want)
				}
			}
			w.wantNoAnswers()
		})
	}
}

// A refused connection is certain: nothing left.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.fake.Close()
	w.wantSendFails("without Twilio", w.outbound(1, "x"), channels.Retry)
}

// A number is read as people type it, in the country of ours.
//
func TestRecipient(t *testing.T) {
	t.Parallel()
	german := newWorld(t, viaSMS, func(o *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+493012345678" })
	for typed, want := range map[string]string{
		"+49 171 1234567":       "+491711234567",
		"0171/1234567":          "+491711234567",
		"whatsapp:+14155552671": "+14155552671",
		" +1 (415) 555-2671 ":   "+14155552671",
	} {
		p, err := german.channel.(channels.Starter).Recipient(typed)
		if err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		wantEqual(t, typed, p.Key, want)
	}
	for _, typed := range []string{"", "ann", "+", "1-800-FLOWERS", "+999999999999999999"} {
		_, err := german.channel.(channels.Starter).Recipient(typed)
		_ = wantClass(t, fmt.Sprintf("the number %q", typed), err, channels.BadRecipient)
	}
}

// Typing is shown and the message marked as read.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	sid := w.annWrites("hi")
	if err := w.channel.(channels.Attendant).Attend(t.Context(), channels.Party{Key: annPhone}, sid); err != nil {
		t.Error(err)
	}
	wantEqual(t, "calls that show typing", len(w.fake.Typing()), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.channel.(channels.Attendant).Attend(ctx, channels.Party{}, sid); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: got %v, want %v", err, context.Canceled)
	}
}

// The settings site shows a signature as it leaves here.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = "**Acme** Support, *Monday* to Friday\n\n[acme.test](https://acme.test/a_b)\n\n- one\n- two"
	for by, spec := range map[medium]channels.Spec{viaSMS: SMSSpec(Options{}), viaWhatsApp: WhatsAppSpec(Options{})} {
		w := newWorld(t, by)
		w.annWrites("hi")
		o := w.outbound(9, "Hello")
		o.Signature.Text = signature
		w.mustSend(o)
		wantEqual(t, string(spec.Kind)+": Body", w.lastForm().Get("Body"), "Hello\n\n"+spec.Signature(signature))
	}
}
