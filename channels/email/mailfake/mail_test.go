package mailfake_test

import (
	"bytes"
	"reflect"
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
	wantEqual(t, "recipients", strings.Join(sent.Delivered, " "), support+" bob@customer.test boss@customer.test")
	if bytes.Contains(sent.Raw, []byte("boss@")) {
		t.Error("the mail shows whom it was sent to as Bcc")
	}
	checkByEnmime(t, sent.Raw)
	checkRich(t, s.Inbox(support)[0])
	checkRich(t, s.Sent("ann@customer.test")[0])
}

// checkByEnmime checks what another parser reads of richMail.
func checkByEnmime(t *testing.T, raw []byte) {
	t.Helper()
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil || len(e.Errors) > 0 {
		t.Fatalf("enmime: %v %v", err, e.Errors)
	}
	m := richMail()
	wantEqual(t, "subject", e.GetHeader("Subject"), m.Subject)
	wantEqual(t, "text", strings.ReplaceAll(e.Text, "\r\n", "\n"), m.Text)
	wantEqual(t, "HTML", e.HTML, m.HTML)
	wantEqual(t, "Bcc", e.GetHeader("Bcc"), "")
	if len(e.Attachments) != 2 || len(e.Inlines) != 1 {
		t.Fatalf("enmime found %d files and %d inline, want 2 and 1", len(e.Attachments), len(e.Inlines))
	}
	wantEqual(t, "name of the first file", e.Attachments[0].FileName, "Rechnung März.pdf")
	wantEqual(t, "id of the picture", e.Inlines[0].ContentID, "logo@x")
}

// checkRich checks what our own parser reads of richMail.
func checkRich(t *testing.T, r mailfake.Received) {
	t.Helper()
	m := richMail()
	wantEqual(t, "error of the parser", r.ParseError, "")
	wantEqual(t, "subject", r.Subject, m.Subject)
	wantEqual(t, "text", r.Text, m.Text)
	wantEqual(t, "HTML", r.HTML, m.HTML)
	wantEqual(t, "From", r.From, mailfake.Address{Name: "Ann Lée", Address: ann})
	wantEqual(t, "Reply-To", r.ReplyTo[0].Address, "ann@private.test")
	wantEqual(t, "name in To", r.To[0].Name, "Support Team")
	wantEqual(t, "Cc", r.Cc[0].Address, "bob@customer.test")
	wantEqual(t, "References", len(r.References), len(m.References))
	wantEqual(t, "In-Reply-To", r.InReplyTo, m.InReplyTo)
	wantEqual(t, "X-Priority", r.Get("x-priority"), "1")
	if !r.Date.Equal(clock) {
		t.Errorf("got the date %s, want %s", r.Date, clock)
	}
	if len(r.Attachments) != 3 {
		t.Fatalf("got %d attachments, want the picture and two files", len(r.Attachments))
	}
	wantFile(t, r.Attachments[0], mailfake.Attachment{Name: "logo.png", Type: "image/png", ContentID: "logo@x", Inline: true, Content: pixel()})
	wantFile(t, r.Attachments[1], m.Attachments[0])
	wantFile(t, r.Attachments[2], m.Attachments[1])
}

// wantFile checks an attachment as it was read.
func wantFile(t *testing.T, got, want mailfake.Attachment) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got the file %+v, want %+v", got, want)
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
	submit(t, s, m)
	r := s.Inbox(ann)[0]
	wantEqual(t, "error of the parser", r.ParseError, "")
	wantEqual(t, "text", strings.TrimSpace(r.Text), "See the files")
	if !strings.Contains(r.HTML, "cid:pic") {
		t.Errorf("got the HTML %q, want the picture in it", r.HTML)
	}
	files := map[string]mailfake.Attachment{}
	for _, a := range r.Attachments {
		files[a.Name] = a
	}
	wantEqual(t, "files", len(r.Attachments), 2)
	table, picture := files["Übersicht.csv"], files["pic.png"]
	wantEqual(t, "content of the table", string(table.Content), "a;b")
	wantEqual(t, "type of the table", table.Type, "text/csv")
	wantEqual(t, "the table is inline", table.Inline, false)
	wantEqual(t, "content of the picture", string(picture.Content), string(pixel()))
	wantEqual(t, "id of the picture", picture.ContentID, "pic")
	wantEqual(t, "the picture is inline", picture.Inline, true)
}

// Mails that break the rules are stored as they are; what can be read of them is read, and the rest is told as an error.
func TestParseOddMails(t *testing.T) {
	t.Parallel()
	const mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello"
	cases := []struct {
		name, raw, text string
		files           int
		isFaulty        bool
	}{
		{name: "no content type", raw: "Subject: a\r\n\r\nplain\r\n", text: "plain\n"},
		{name: "latin1", raw: "Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9", text: "café"},
		{name: "japanese", raw: "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B$3\x1b(B", text: "こ"},
		{name: "unknown charset", raw: "Content-Type: text/plain; charset=klingon\r\n\r\nx", text: "x", isFaulty: true},
		{name: "file only", raw: "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K", files: 1},
		{name: "broken base64", raw: "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", isFaulty: true},
		{name: "no boundary", raw: "Content-Type: multipart/mixed\r\n\r\nx", isFaulty: true},
		{name: "cut multipart", raw: mixed, text: "hello", isFaulty: true},
		{name: "attached mail", raw: mixed + "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n", text: "hello", files: 1},
		{name: "no header", raw: "\x00\x00", isFaulty: true},
		{name: "bad address", raw: "From: @@@\r\n\r\nx", text: "x", isFaulty: true},
		{name: "bad date", raw: "Date: yesterday\r\n\r\nx", text: "x", isFaulty: true},
	}
	s := start(t)
	for _, c := range cases {
		if _, err := s.Customer(ann).SendRaw([]byte(c.raw), support); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range s.Inbox(support) {
		c := cases[i]
		wantEqual(t, c.name+": bytes", string(r.Raw), c.raw)
		wantEqual(t, c.name+": text", r.Text, c.text)
		wantEqual(t, c.name+": files", len(r.Attachments), c.files)
		wantEqual(t, c.name+": the parser has an error", r.ParseError != "", c.isFaulty)
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
	c := openInbox(t, s, 0, nil)
	var all imap.UIDSet
	all.AddRange(1, 0)
	msgs, err := c.Fetch(all, &imap.FetchOptions{UID: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, Envelope: true}).Collect()
	if err != nil || len(msgs) != len(odd) {
		t.Fatalf("%d mails are described, %v; want %d", len(msgs), err, len(odd))
	}
}

// A customer's reply goes where the mail asks for, names what it answers and quotes it. Its own fields may be given.
func TestReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := letter(t, support, ann, "Order 7", "First line\n\nThird")
	m.SetGenHeader("References", "<anchor@acme.test>")
	noError(t, m.ReplyTo("support+c7.ab@acme.test"))
	submit(t, s, m)
	c := s.Customer("Ann Lee <" + ann + ">")
	sent, err := c.Reply(c.Inbox()[0], "My <answer>\nis this")
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/reply_gmail.eml", string(sent.Raw))
	r := s.Inbox(support)[0]
	wantEqual(t, "Delivered-To", r.Get("Delivered-To"), "support+c7.ab@acme.test")
	wantEqual(t, "subject", r.Subject, "Re: Order 7")
	wantEqual(t, "In-Reply-To", r.InReplyTo, letterID)
	wantEqual(t, "References", strings.Join(r.References, " "), "<anchor@acme.test> "+letterID)
	if !strings.HasPrefix(r.Text, "My <answer>\nis this\n\nOn Fri, Nov 20, 2026") {
		t.Errorf("got the text %q, want the answer and the date of the mail first", r.Text)
	}
	if !strings.Contains(r.Text, "\n> First line\n>\n> Third\n") {
		t.Errorf("got the text %q, want the mail quoted in it", r.Text)
	}
	if _, err := c.ReplyWith(r, mailfake.Mail{Text: "own fields", Subject: "Other", To: []string{"sales@acme.test"}}); err != nil {
		t.Fatal(err)
	}
	if r := s.Inbox("sales@acme.test"); len(r) != 1 || r[0].Subject != "Other" {
		t.Errorf("sales got %+v, want the reply with a subject of its own", r)
	}
}

// TestPrograms: how each program quotes is golden.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, program := range []mailfake.Program{mailfake.Outlook, mailfake.Apple, mailfake.Plain} {
		s := start(t)
		submit(t, s, letter(t, support, ann, "Order 7", "First line\n\n> quoted\nlast <one>"))
		c := s.Customer("Ann Lee <" + ann + ">")
		sent, err := c.ReplyAs(program, c.Inbox()[0], mailfake.Mail{Text: "My answer"})
		if err != nil {
			t.Fatal(err)
		}
		golden.Text(t, "testdata/reply_"+string(program)+".eml", string(sent.Raw))
		r := s.Inbox(support)[0]
		wantEqual(t, string(program)+": error of the parser", r.ParseError, "")
		wantEqual(t, string(program)+": it has HTML", r.HTML != "", program != mailfake.Plain)
		if !strings.HasPrefix(r.Text, "My answer\n\n") {
			t.Errorf("%s: got the text %q, want the answer first", program, r.Text)
		}
	}
	s := start(t)
	if _, err := s.Customer(ann).ReplyAs("abacus", mailfake.Received{}, mailfake.Mail{}); err == nil {
		t.Error("a reply by an unknown program succeeded, want an error")
	}
}

// What a customer can't send is an error; of a mail to several, what can be delivered is.
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
			t.Errorf("%s: it was sent, want an error", name)
		}
	}
	sent, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"no@acme.test", support}})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "recipients who got it", len(sent.Delivered), 1)
	wantEqual(t, "recipients who are refused", len(sent.Refused), 1)
}
