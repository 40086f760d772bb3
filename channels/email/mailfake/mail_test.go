package mailfake_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/jhillyerd/enmime/v2"
	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
	"parley/channels/golden"
)

func pixel() []byte { return []byte("\x89PNG\r\n\x1a\n\x00picture") }

func richMail() mailfake.Mail {
	return mailfake.Mail{
		To: []string{"Support Team <support@acme.test>"}, Cc: []string{"bob@customer.test"}, Bcc: []string{"boss@customer.test"},
		Subject: "Größe — пример of a long subject that has to be folded because it is wide",
		Text:    "Hello,\n\nsee below ✓\n.\nline after a lone dot\n", HTML: `<p>Hello <img src="cid:logo@x"></p>`,
		Attachments: []mailfake.Attachment{
			{Name: "Rechnung März.pdf", Type: "application/pdf", Content: bytes.Repeat([]byte("%PDF"), 40)},
			{Name: "notes.txt", Type: "text/plain", Content: []byte("just notes")},
		},
		Inline:    []mailfake.Attachment{{Name: "logo.png", Type: "image/png", ContentID: "logo@x", Content: pixel()}},
		InReplyTo: "<a@acme.test>", References: []string{"<0@acme.test>", "<a@acme.test>"},
		Headers: map[string]string{"X-Priority": "1", "Reply-To": "Ann <ann@private.test>"}, MessageID: "<rich@customer.test>",
	}
}

// TestCompose: the bytes are fixed, and two other parsers read what was written.
func TestCompose(t *testing.T) {
	t.Parallel()
	s := start(t)
	sent, err := s.Customer("Ann Lée <ann@customer.test>").Send(richMail())
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/rich.eml", string(sent.Raw))
	if want := []string{support, "bob@customer.test", "boss@customer.test"}; strings.Join(sent.Delivered, " ") != strings.Join(want, " ") {
		t.Errorf("delivered to %v", sent.Delivered)
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(sent.Raw))
	if err != nil || len(e.Errors) > 0 {
		t.Fatalf("enmime: %v %v", err, e.Errors)
	}
	m := richMail()
	if e.GetHeader("Subject") != m.Subject || e.HTML != m.HTML || strings.ReplaceAll(e.Text, "\r\n", "\n") != m.Text {
		t.Errorf("enmime read %q %q %q", e.GetHeader("Subject"), e.Text, e.HTML)
	}
	if len(e.Attachments) != 2 || e.Attachments[0].FileName != "Rechnung März.pdf" || len(e.Inlines) != 1 || e.Inlines[0].ContentID != "logo@x" {
		t.Errorf("enmime found %d files, %d inline", len(e.Attachments), len(e.Inlines))
	}
	if e.GetHeader("Bcc") != "" || bytes.Contains(sent.Raw, []byte("boss@")) {
		t.Error("Bcc shows")
	}
	checkRich(t, s.Inbox(support)[0])
	checkRich(t, s.Sent("ann@customer.test")[0])
}

func checkRich(t *testing.T, r mailfake.Received) {
	t.Helper()
	m := richMail()
	if r.ParseError != "" || r.Subject != m.Subject || r.Text != m.Text || r.HTML != m.HTML {
		t.Errorf("read %q %q %q %s", r.Subject, r.Text, r.HTML, r.ParseError)
	}
	if r.From != (mailfake.Address{Name: "Ann Lée", Address: ann}) || r.ReplyTo[0].Address != "ann@private.test" ||
		r.To[0].Name != "Support Team" || r.Cc[0].Address != "bob@customer.test" {
		t.Errorf("addresses %+v %+v %+v %+v", r.From, r.ReplyTo, r.To, r.Cc)
	}
	if len(r.References) != 2 || r.InReplyTo != "<a@acme.test>" || !r.Date.Equal(clock) || r.Get("x-priority") != "1" {
		t.Errorf("header %+v", r.Header)
	}
	if len(r.Attachments) != 3 {
		t.Fatalf("%d attachments", len(r.Attachments))
	}
	logo, pdf := r.Attachments[0], r.Attachments[1]
	if !logo.Inline || logo.ContentID != "logo@x" || logo.Type != "image/png" || !bytes.Equal(logo.Content, pixel()) {
		t.Errorf("logo %+v", logo)
	}
	if pdf.Inline || pdf.Name != "Rechnung März.pdf" || len(pdf.Content) != 160 || string(r.Attachments[2].Content) != "just notes" {
		t.Errorf("files %+v", r.Attachments[1:])
	}
}

// TestReceivesGoMail: what an agent's side may send, written by another library.
func TestReceivesGoMail(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := letter(t, support, ann, "Files", "See the files")
	m.AddAlternativeString(gomail.TypeTextHTML, `<b>See</b> <img src="cid:pic">`)
	for _, err := range []error{
		m.AttachReader("Übersicht.csv", strings.NewReader("a;b"), gomail.WithFileContentType("text/csv")),
		m.EmbedReader("pic.png", bytes.NewReader(pixel()), gomail.WithFileContentID("<pic>")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := sender(t, s).DialAndSendWithContext(soon(t), m); err != nil {
		t.Fatal(err)
	}
	r := s.Inbox(ann)[0]
	if r.ParseError != "" || strings.TrimSpace(r.Text) != "See the files" || !strings.Contains(r.HTML, "cid:pic") || len(r.Attachments) != 2 {
		t.Fatalf("got %q %q %d files, %s", r.Text, r.HTML, len(r.Attachments), r.ParseError)
	}
	for _, a := range r.Attachments {
		switch a.Name {
		case "Übersicht.csv":
			if a.Inline || string(a.Content) != "a;b" || a.Type != "text/csv" {
				t.Errorf("file %+v", a)
			}
		case "pic.png":
			if !a.Inline || a.ContentID != "pic" || !bytes.Equal(a.Content, pixel()) {
				t.Errorf("picture %+v", a)
			}
		default:
			t.Errorf("unknown file %q", a.Name)
		}
	}
}

func TestParseOddMails(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, raw, text string
		files           int
		complains       bool
	}{
		{"no content type", "Subject: a\r\n\r\nplain\r\n", "plain\n", 0, false},
		{"latin1", "Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9", "café", 0, false},
		{"japanese", "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B$3\x1b(B", "こ", 0, false},
		{"unknown charset", "Content-Type: text/plain; charset=klingon\r\n\r\nx", "x", 0, true},
		{"file only", "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K", "", 1, false},
		{"broken base64", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", "", 0, true},
		{"no boundary", "Content-Type: multipart/mixed\r\n\r\nx", "", 0, true},
		{"cut multipart", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello", "hello", 0, true},
		{"attached mail", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n", "hello", 1, false},
		{"no header", "\x00\x00", "", 0, true},
		{"bad address", "From: @@@\r\n\r\nx", "x", 0, true},
		{"bad date", "Date: yesterday\r\n\r\nx", "x", 0, true},
	}
	s := start(t)
	for _, c := range cases {
		if _, err := s.Customer(ann).SendRaw([]byte(c.raw), support); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range s.Inbox(support) {
		c := cases[i]
		if string(r.Raw) != c.raw {
			t.Errorf("%s: bytes changed: %q", c.name, r.Raw)
		}
		if r.Text != c.text || len(r.Attachments) != c.files || (r.ParseError != "") != c.complains {
			t.Errorf("%s: text %q, %d files, error %q", c.name, r.Text, len(r.Attachments), r.ParseError)
		}
	}
}

// TestOddStructures: IMAP describes mails that have no sound structure, and survives.
func TestOddStructures(t *testing.T) {
	t.Parallel()
	s := start(t)
	odd := []string{
		"Content-Type: multipart/mixed\r\n\r\nx",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--b--\r\n",
		"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed\r\n\r\n",
		"\x00\x00", "",
	}
	for _, raw := range odd {
		if _, err := s.Customer(ann).SendRaw([]byte(raw), support); err != nil {
			t.Fatal(err)
		}
	}
	c := fill(t, s, 0, nil)
	var all imap.UIDSet
	all.AddRange(1, 0)
	msgs, err := c.Fetch(all, &imap.FetchOptions{UID: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, Envelope: true}).Collect()
	if err != nil || len(msgs) != len(odd) {
		t.Fatalf("%d described, %v", len(msgs), err)
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := letter(t, support, ann, "Order 7", "First line\n\nThird")
	m.SetGenHeader("References", "<anchor@acme.test>")
	if err := m.ReplyTo("support+c7.ab@acme.test"); err != nil {
		t.Fatal(err)
	}
	if err := sender(t, s).DialAndSendWithContext(soon(t), m); err != nil {
		t.Fatal(err)
	}
	c := s.Customer("Ann Lee <" + ann + ">")
	sent, err := c.Reply(c.Inbox()[0], "My <answer>\nis this")
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/reply_gmail.eml", string(sent.Raw))
	r := s.Inbox(support)[0]
	if r.Get("Delivered-To") != "support+c7.ab@acme.test" || r.Subject != "Re: Order 7" || r.InReplyTo != "<c1.m1@acme.test>" ||
		strings.Join(r.References, " ") != "<anchor@acme.test> <c1.m1@acme.test>" {
		t.Errorf("reply %+v", r.Header)
	}
	if !strings.HasPrefix(r.Text, "My <answer>\nis this\n\nOn Fri, Nov 20, 2026") || !strings.Contains(r.Text, "\n> First line\n>\n> Third\n") {
		t.Errorf("text %q", r.Text)
	}
	if _, err := c.ReplyWith(r, mailfake.Mail{Text: "own fields", Subject: "Other", To: []string{"sales@acme.test"}}); err != nil {
		t.Fatal(err)
	}
	if r := s.Inbox("sales@acme.test"); len(r) != 1 || r[0].Subject != "Other" {
		t.Errorf("own fields %+v", r)
	}
}

// TestPrograms: how each program quotes is golden.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, program := range []mailfake.Program{mailfake.Outlook, mailfake.Apple, mailfake.Plain} {
		s := start(t)
		m := letter(t, support, ann, "Order 7", "First line\n\n> quoted\nlast <one>")
		if err := sender(t, s).DialAndSendWithContext(soon(t), m); err != nil {
			t.Fatal(err)
		}
		c := s.Customer("Ann Lee <" + ann + ">")
		sent, err := c.ReplyAs(program, c.Inbox()[0], mailfake.Mail{Text: "My answer"})
		if err != nil {
			t.Fatal(err)
		}
		golden.Text(t, "testdata/reply_"+string(program)+".eml", string(sent.Raw))
		if r := s.Inbox(support)[0]; r.ParseError != "" || !strings.HasPrefix(r.Text, "My answer\n\n") || (r.HTML == "") != (program == mailfake.Plain) {
			t.Errorf("%s: %+v", program, r)
		}
	}
	s := start(t)
	if _, err := s.Customer(ann).ReplyAs("abacus", mailfake.Received{}, mailfake.Mail{}); err == nil {
		t.Error("answered with an abacus")
	}
}

func TestCustomerErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	bad := map[string]func() error{
		"malformed sender":    func() error { _, err := s.Customer("nobody").Send(mailfake.Mail{To: []string{support}}); return err },
		"malformed recipient": func() error { _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"???"}}); return err },
		"unknown recipient":   func() error { _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"no@acme.test"}}); return err },
	}
	for name, f := range bad {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	sent, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"no@acme.test", support}})
	if err != nil || len(sent.Delivered) != 1 || len(sent.Refused) != 1 {
		t.Errorf("half refused: %+v, %v", sent, err)
	}
}
