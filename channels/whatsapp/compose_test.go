package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// TestMessages: what leaves for each kind of message, byte for byte, and that Meta's
// emulator takes it.
//
func TestMessages(t *testing.T) {
	t.Parallel()
	const frame = `{"biz_opaque_callback_data":"TOKEN",`
	const tail = `"messaging_product":"whatsapp","recipient_type":"individual","to":"+491701234567",`
	buttons := []channels.Button{{ID: "y", Title: "Yes"}, {Title: "No"}}
	for name, c := range map[string]struct {
		change func(*channels.Outbound)
		want   []string
	}{
		"text": {func(o *channels.Outbound) { o.Text = "Hi **Ann**, *see* ~~this~~ `x`" },
			[]string{frame + tail + `"text":{"body":"Hi *Ann*, _see_ ~this~ ` + "`x`" + `"},"type":"text"}`}},
		"link": {func(o *channels.Outbound) { o.Text = "See https://acme.test/a_b" },
			[]string{frame + tail + `"text":{"body":"See https://acme.test/a_b","preview_url":true},"type":"text"}`}},
		"signature": {func(o *channels.Outbound) { o.Text, o.Signature.Text = "Hi", "*Kim*" },
			[]string{frame + tail + `"text":{"body":"Hi\n\n_Kim_"},"type":"text"}`}},
		"no room for the signature": {func(o *channels.Outbound) {
			o.Text, o.Signature.Text = strings.Repeat("x", maxTextRunes-8), "Yours, Kim"
		},
			[]string{frame + tail + `"text":{"body":"` + strings.Repeat("x", maxTextRunes-8) + `"},"type":"text"}`}},
		"answer": {func(o *channels.Outbound) { o.ReplyTo = "wamid.0" },
			[]string{frame + `"context":{"message_id":"wamid.0"},` + tail + `"text":{"body":"Hi"},"type":"text"}`}},
		"answers": {func(o *channels.Outbound) { o.Rich = &channels.Rich{Buttons: buttons} },
			[]string{frame + `"interactive":{"action":{"buttons":[{"reply":{"id":"y","title":"Yes"},"type":"reply"},{"reply":{"id":"No","title":"No"},"type":"reply"}]},"body":{"text":"Hi"},"type":"button"},` + tail + `"type":"interactive"}`}},
		"answers and a link": {func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: append(buttons, channels.Button{Title: "Shop", URL: "https://acme.test"})}
		}, []string{frame + `"interactive":{"action":{"buttons":[{"reply":{"id":"y","title":"Yes"},"type":"reply"},{"reply":{"id":"No","title":"No"},"type":"reply"}]},"body":{"text":"Hi\nShop: https://acme.test"},"type":"button"},` + tail + `"type":"interactive"}`}},
		"a link": {func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "Shop", URL: "https://acme.test"}}}
		}, []string{frame + `"interactive":{"action":{"name":"cta_url","parameters":{"display_text":"Shop","url":"https://acme.test"}},"body":{"text":"Hi"},"type":"cta_url"},` + tail + `"type":"interactive"}`}},
		"list": {func(o *channels.Outbound) {
			o.Rich = &channels.Rich{List: &channels.List{Button: "Pick", Sections: []channels.ListSection{{Rows: []channels.ListRow{{ID: "a", Title: "A", Description: "first"}, {Title: "B"}}}}}}
		}, []string{frame + `"interactive":{"action":{"button":"Pick","sections":[{"rows":[{"description":"first","id":"a","title":"A"},{"id":"B","title":"B"}]}]},"body":{"text":"Hi"},"type":"list"},` + tail + `"type":"interactive"}`}},
		"place": {func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Location: &channels.Location{Latitude: 1.5, Longitude: -2, Name: "Shop", Address: "Main St"}}
		}, []string{frame + `"location":{"address":"Main St","latitude":"1.5","longitude":"-2","name":"Shop"},` + tail + `"type":"location"}`}},
		"card": {func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Contact: &channels.ContactCard{Name: "Kim Poe", Org: "Acme", Phones: []string{"+15550100"}, Emails: []string{"k@acme.test"}}}
		}, []string{frame + `"contacts":[{"emails":[{"email":"k@acme.test","type":"WORK"}],"name":{"first_name":"Kim","formatted_name":"Kim Poe","last_name":"Poe"},"org":{"company":"Acme"},"phones":[{"phone":"+15550100","type":"WORK","wa_id":"15550100"}]}],` + tail + `"type":"contacts"}`}},
		"text and a place": {func(o *channels.Outbound) {
			o.Rich, o.ReplyTo = &channels.Rich{Location: &channels.Location{Latitude: 1}}, "wamid.0"
		}, []string{frame + `"context":{"message_id":"wamid.0"},` + tail + `"text":{"body":"Hi"},"type":"text"}`,
			frame + `"location":{"latitude":"1","longitude":"0"},` + tail + `"type":"location"}`}},
		"template": {func(o *channels.Outbound) {
			o.Template = &channels.TemplateUse{Template: channels.Template{Name: "order", Language: "en_US", Header: "Order {{number}}",
				Body: "Hi {{name}}, {{number}} of {{ name }} left.", Buttons: []channels.Button{{ID: "ok", Title: "OK"}, {Title: "Track", URL: "https://acme.test"}}},
				Values: map[string]string{"name": "Ann", "number": "7\n8"}}
		}, []string{frame + tail + `"template":{"components":[{"parameters":[{"text":"7 8","type":"text"}],"type":"header"},{"parameters":[{"text":"Ann","type":"text"},{"text":"7 8","type":"text"}],"type":"body"},` +
			`{"index":"0","parameters":[{"payload":"ok","type":"payload"}],"sub_type":"quick_reply","type":"button"}],"language":{"code":"en_US","policy":"deterministic"},"name":"order"},"type":"template"}`}},
	} {
		w := newWorld(t)
		quoted := w.ann.Text("Hello")
		w.takeFacts()
		if _, err := w.channel.SubmitTemplate(testContext(t), channels.Template{Name: "order", Language: "en_US", Category: "utility", Header: "Order {{number}}",
			Body: "Hi {{name}}, {{number}} of {{ name }} left.", Buttons: []channels.Button{{ID: "ok", Title: "OK"}, {Title: "Track", URL: "https://acme.test"}},
			Examples: map[string]string{"name": "Bob", "number": "12"}}); err != nil {
			t.Fatal(err)
		}
		noError(t, w.Review(w.Templates(wabaID)[0].ID, "APPROVED", ""))
		o := outbound(12, "Hi")
		c.change(&o)
		if o.ReplyTo != "" {
			o.ReplyTo = quoted
		}
		w.sendAll(o)
		var got []string
		for _, r := range w.RequestsTo("whatsapp.messages") {
			got = append(got, nameToken(t, strings.ReplaceAll(string(r.Body), quoted, "wamid.0")))
		}
		var want []string
		for _, body := range c.want {
			want = append(want, sortKeys(t, body))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// sortKeys brings the keys of an object into the order in which they are sent.
func sortKeys(t *testing.T, raw string) string {
	t.Helper()
	var v any
	noError(t, json.Unmarshal([]byte(raw), &v))
	return jsonOf(v)
}

// nameToken replaces the token of message 12 by a word.
func nameToken(t *testing.T, body string) string {
	t.Helper()
	var m struct {
		Token string `json:"biz_opaque_callback_data"`
	}
	noError(t, json.Unmarshal([]byte(body), &m))
	got, ok := parseToken(testKeys(), m.Token)
	if !ok {
		t.Errorf("the token %q isn't ours", m.Token)
	}
	wantEqual(t, "message of the token", got.message, 12)
	return strings.ReplaceAll(body, m.Token, "TOKEN")
}

// TestEdge17FileKinds: edge case 17: what WhatsApp doesn't show as a picture (WebP, or too large) leaves as a document, a text
// of any kind as a plain one; the text goes with the file where it can.
//
func TestEdge17FileKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  channels.File
		text  string
		kinds []string // of the messages, with their text
	}{
		"jpeg":          {file("a.jpg", "image/jpeg", []byte("x")), "look", []string{"image look"}},
		"png, no text":  {file("a.png", "IMAGE/PNG; x=y", []byte("x")), "", []string{"image "}},
		"webp":          {file("a.webp", "image/webp", []byte("x")), "look", []string{"document look"}},
		"table":         {file("a.csv", "text/csv", []byte("x")), "look", []string{"document look"}},
		"calendar":      {file("a.ics", "text/calendar; charset=utf-8", []byte("x")), "look", []string{"document look"}},
		"large picture": {file("a.jpg", "image/jpeg", make([]byte, 5<<20+1)), "look", []string{"document look"}},
		"film":          {file("a.mp4", "video/mp4", []byte("x")), "look", []string{"video look"}},
		"large film":    {file("a.mp4", "video/mp4", make([]byte, 16<<20+1)), "look", []string{"document look"}},
		"sound":         {file("a.ogg", "audio/ogg", []byte("x")), "listen", []string{"text listen", "audio "}},
		"sound alone":   {file("a.mp3", "audio/mpeg", []byte("x")), "", []string{"audio "}},
		"pdf":           {file("ü.pdf", "application/pdf", []byte("x")), "read", []string{"document read"}},
		"unknown type":  {file("a.PDF", "", []byte("x")), "", []string{"document "}},
		"mere bytes":    {file("a.xls", "application/octet-stream", []byte("x")), "", []string{"document "}},
		"odd name":      {file("a.m4a", "audio/x-m4a", []byte("x")), "", []string{"audio "}},
		"long text":     {file("a.pdf", "application/pdf", []byte("x")), long(maxCaption + 1), []string{"text " + long(maxCaption+1), "document "}},
	} {
		w := newWorld(t)
		w.openWindow()
		o := outbound(12, c.text)
		o.Files = []channels.File{c.file}
		receipts := w.sendAll(o)
		var kinds []string
		for _, m := range w.ann.Inbox() {
			kinds = append(kinds, m.Type+" "+m.Text)
			if m.File == nil {
				continue
			}
			content, _ := c.file.Open(t.Context())
			want, _ := io.ReadAll(content)
			if !bytes.Equal(m.File.Content, want) {
				t.Errorf("%s: got %d bytes, want the %d of the file", name, len(m.File.Content), len(want))
			}
			if m.Type == "document" {
				wantEqual(t, name+": name of the file", m.File.Name, c.file.Name)
			}
		}
		if !slices.Equal(kinds, c.kinds) {
			t.Errorf("%s: got %.60q, want %.60q", name, kinds, c.kinds)
		}
		wantEqual(t, name+": receipts", len(receipts), len(kinds))

		// The statuses of the last part alone are those of the message; one of a text before the file says so.
		arrived := w.takeInbound()
		wantStates(t, arrived, 12, channels.StateSent, channels.StateDelivered)
		isOfTextBefore := func(in channels.Inbound) bool { return in.Status != nil && in.Status.Early && in.Status.Piece == 0 }
		wantEqual(t, name+": there is a status of a text before the file", slices.ContainsFunc(arrived, isOfTextBefore), len(kinds) > 1)
	}
}

// TestFileOfUntakenType: a file that WhatsApp lets nobody upload is refused before its text leaves, with what to do.
func TestFileOfUntakenType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	for name, kind := range map[string]string{
		"a.zip":  "application/zip",
		"a.heic": "image/heic",
		"a.gif":  "image/gif",
		"a.wav":  "audio/wav",
		"a.mov":  "video/quicktime",
		"a.bin":  "",
		"b.bin":  "application/octet-stream",
	} {
		o := outbound(12, long(maxCaption+1)) // it would leave first
		o.Files = []channels.File{file(name, kind, []byte("x"))}
		if se := w.wantSendFails(o, channels.BadContent); !strings.Contains(se.Text, name) || se.Hint == "" {
			t.Errorf("%s: got the error %+v, want one that names the file and has a hint", name, se)
		}
	}
	wantEqual(t, "messages that were sent", len(w.number.Sent()), 0)
}

// TestFileRefused: a film that WhatsApp doesn't take as one leaves as a document.
func TestFileRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Code: 131053})
	o := outbound(12, "look")
	o.Files = []channels.File{file("a.mp4", "video/mp4", []byte("x"))}
	w.sendAll(o)
	w.wantTexts("look")
	got := w.ann.Inbox()[0]
	wantEqual(t, "type", got.Type, "document")
	wantEqual(t, "name of the file", got.File.Name, "a.mp4")
}

// TestPartsDontDouble: the text before a file is not sent again when the file fails for
// certain and is tried once more; a failure of the text is one of the message.
func TestPartsDontDouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	o := outbound(12, "listen")
	o.Files = []channels.File{file("a.ogg", "audio/ogg", []byte("x"))}
	wantEqual(t, "there is more to send after the text", w.send(o).More, true)

	// The file fails twice, and leaves with the third attempt.
	o.Attempt.Part = 1
	w.addFault(graphfake.Fault{Route: "whatsapp.upload", Action: graphfake.ActionDropAfter})
	w.wantSendFails(o, channels.Retry)
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Status: 500, Code: 131016})
	w.wantSendFails(o, channels.Retry)
	o.Attempt.Number = 3
	wantEqual(t, "there is more to send after the file", w.send(o).More, false)
	var got []string
	for _, m := range w.number.Sent() {
		got = append(got, m.Type)
	}
	if want := []string{"text", "audio"}; !slices.Equal(got, want) {
		t.Errorf("sent messages of the types %v, want %v", got, want)
	}
	w.takeFacts()

	// A later failure of the text is one of the message.
	w.number.Fail(w.number.Sent()[0].ID, 131026)
	failure := w.takeOne().Status
	wantEqual(t, "state", failure.State, channels.StateFailed)
	wantEqual(t, "message", failure.MessageID, 12)
	wantEqual(t, "it is of an earlier part", failure.Early, true)

	// There is no third part.
	o.Attempt.Part = 2
	w.wantSendFails(o, channels.BadContent)
}

// TestUnreadableFile: the text doesn't leave when its file can't be read, and what one
// knows of the file is said.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	for name, c := range map[string]struct {
		opening error
		want    channels.Class
	}{
		"nobody knows why": {opening: errors.New("gone"), want: channels.Retry},
		"it was deleted":   {opening: &channels.SendError{Class: channels.BadContent, Text: "It was deleted."}, want: channels.BadContent},
	} {
		for _, text := range []string{"short", long(maxCaption + 1)} {
			o := outbound(12, text)
			o.Files = []channels.File{{Name: "a.pdf", ContentType: "application/pdf", SizeBytes: 1, Open: func(context.Context) (io.ReadCloser, error) { return nil, c.opening }}}
			_, err := w.channel.Send(testContext(t), o)
			_ = wantClass(t, name, err, c.want)
		}
	}
	big := outbound(13, "big")
	big.Files = []channels.File{{Name: "a.pdf", SizeBytes: maxFile + 1}}
	w.wantSendFails(big, channels.BadContent)
	two := outbound(14, "two")
	two.Files = []channels.File{file("a.pdf", "", nil), file("b.pdf", "", nil)}
	w.wantSendFails(two, channels.BadContent)
	wantEqual(t, "messages that were sent", len(w.number.Sent()), 0)
}

// pairThrottled is WhatsApp's code for too many messages to one customer.
const pairThrottled = 131056

// TestErrorClasses: every code of the reference has its class, in answers and in statuses.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	for class, codes := range map[channels.Class][]int{
		channels.WindowClosed:   {131047},
		channels.Throttled:      {130429, 80007, 4, pairThrottled, 131048, 131064, 133016},
		channels.Retry:          {1, 2, 131000, 131016, 131057, 135000},
		channels.BadRecipient:   {131026, 131021, 131030, 131062, 137000, 130497},
		channels.OptedOut:       {131050},
		channels.BadContent:     {130472, 131049, 100, 131008, 131009, 131051, 131052, 131053, 999999},
		channels.TemplateBad:    {132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016},
		channels.AuthBroken:     {0, 3, 10, 33, 190, 200, 250, 299, 131005, 131045, 133010},
		channels.AccountBlocked: {368, 131031, 131037, 131042, 131063},
	} {
		for _, code := range codes {
			w := newWorld(t)
			w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Code: code, Text: "why"})
			se := w.wantSendFails(outbound(1, "x"), class)
			wantEqual(t, fmt.Sprintf("code %d: it says how long to wait", code), se.Wait > 0, class == channels.Throttled)
			wantEqual(t, fmt.Sprintf("code %d: it concerns this customer alone", code), se.Pair, code == pairThrottled)

			s := status{ID: "x", Status: "failed"}
			noError(t, json.Unmarshal([]byte(`[{"code":`+jsonOf(code)+`,"title":"why"}]`), &s.Errors))
			got, text := failureOf(s)
			if text == "" {
				t.Errorf("a status with code %d has no words for people", code)
			}
			mayPass := class == channels.Retry || class == channels.Throttled // what was taken is over when it fails
			if mayPass && got == channels.Retry || !mayPass && got != class {
				t.Errorf("a status with code %d: got class %s, want that of the answer, %s, or one that doesn't pass", code, got, class)
			}
		}
	}
}

// TestLastTry: what WhatsApp can't do for reasons of its own is given up after so many tries.
func TestLastTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := outbound(1, "x")
	o.Attempt.Number = maxTries
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Code: 131000})
	w.wantSendFails(o, channels.BadContent)
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestFileOfUnknownSize: a file that turns out to be too large is refused, not cut.
func TestFileOfUnknownSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	f := file("a.pdf", "application/pdf", make([]byte, maxFile+1))
	f.SizeBytes = 0
	o := outbound(12, "short")
	o.Files = []channels.File{f}
	w.wantSendFails(o, channels.BadContent)
}

// The settings site shows a signature as it leaves here.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = "**Acme** Support, *Monday* to Friday\n\n[acme.test](https://acme.test/a_b)\n\n- one\n- two"
	text, err := signedText(channels.Outbound{Text: "Hi", Signature: channels.Signature{Text: signature}})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "text", text, "Hi\n\n"+Spec().Signature(signature))
}
