package mailfake_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/jhillyerd/enmime/v2"
	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
	"parley/channels/golden"
)

func pixel() []byte { return []byte("\x89PNG\r\n\x1a\n\x00picture") }

// richMail uses everything that a customer's mail may contain.
func richMail() mailfake.Mail {
	return mailfake.Mail{
		To:         []string{"Support Team <support@acme.test>"},
		Cc:         []string{"bob@customer.test"},
		Bcc:        []string{"boss@customer.test"},
		Subject:    "Größe — пример of a long subject that has to be folded because it is wide",
		Text:       "Hello,\n\nsee below ✓\n.\nline after a lone dot\n",
		HTML:       `<p>Hello <img src="cid:logo@x"></p>`,
		InReplyTo:  "<a@acme.test>",
		References: []string{"<0@acme.test>", "<a@acme.test>"},
		Headers:    map[string]string{"X-Priority": "1", "Reply-To": "Ann <ann@private.test>"},
		MessageID:  "<rich@customer.test>",
		Attachments: []mailfake.Attachment{
			{Name: "Rechnung März.pdf", Type: "application/pdf", Content: bytes.Repeat([]byte("%PDF"), 40)},
			{Name: "notes.txt", Type: "text/plain", Content: []byte("just notes")},
		},
		Inline: []mailfake.Attachment{{Name: "logo.png", Type: "image/png", ContentID: "logo@x", Content: pixel()}},
	}
}

// The bytes of a customer's mail are always the same, and two parsers read what was written.
func TestCompose(t *testing.T) {
	t.Parallel()
	s := start(t)
	sent, err := s.Customer("Ann Lée <ann@customer.test>").Send(richMail())
	noError(t, err)
	golden.Text(t, "testdata/rich.eml", string(sent.Raw))
	if want := []string{support, "bob@customer.test", "boss@customer.test"}; !slices.Equal(sent.Delivered, want) {
		t.Errorf("recipients: got %q, want %q", sent.Delivered, want)
	}

	if bytes.Contains(sent.Raw, []byte("boss@")) {
		t.Error("the mail shows whom it was sent to as Bcc")
	}

	checkByEnmime(t, sent.Raw)
	checkRich(t, s.Inbox(support)[0])
	checkRich(t, s.Sent("ann@customer.test")[0])
}

// checkByEnmime checks what enmime, another parser, reads in richMail.
func checkByEnmime(t *testing.T, raw []byte) {
	t.Helper()
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	noError(t, err)
	if len(e.Errors) > 0 {
		t.Fatalf("errors of enmime: got %v, want none", e.Errors)
	}

	m := richMail()
	wantEqual(t, "subject", e.GetHeader("Subject"), m.Subject)
	wantEqual(t, "text", strings.ReplaceAll(e.Text, "\r\n", "\n"), m.Text)
	wantEqual(t, "HTML", e.HTML, m.HTML)
	wantEqual(t, "Bcc", e.GetHeader("Bcc"), "")

	if len(e.Attachments) != 2 {
		t.Fatalf("files: got %d, want two", len(e.Attachments))
	}
	if len(e.Inlines) != 1 {
		t.Fatalf("pictures: got %d, want one", len(e.Inlines))
	}
	wantEqual(t, "name of the first file", e.Attachments[0].FileName, "Rechnung März.pdf")
	wantEqual(t, "id of the picture", e.Inlines[0].ContentID, "logo@x")
}

// checkRich checks what our own parser reads in richMail.
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
	logo := m.Inline[0]
	logo.Inline = true
	wantFile(t, r.Attachments[0], logo)
	wantFile(t, r.Attachments[1], m.Attachments[0])
	wantFile(t, r.Attachments[2], m.Attachments[1])
}

// wantFile checks an attachment as it was read.
func wantFile(t *testing.T, got, want mailfake.Attachment) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("file: got %+v, want %+v", got, want)
	}
}

// The server reads a mail that another library wrote, as Parley's side may send one.
func TestReceivesGoMail(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := letter(t, support, ann, "Files", "See the files")
	m.AddAlternativeString(gomail.TypeTextHTML, `<b>See</b> <img src="cid:pic">`)
	noError(t, m.AttachReader("Übersicht.csv", strings.NewReader("a;b"), gomail.WithFileContentType("text/csv")))
	noError(t, m.EmbedReader("pic.png", bytes.NewReader(pixel()), gomail.WithFileContentID("<pic>")))
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

// oddMail is a mail that breaks rules, and what can be read of it.
type oddMail struct {
	name  string
	raw   string
	text  string
	files int
}

// checkOddMails sends mails, and checks what is read of each and whether the parser reports an error.
func checkOddMails(t *testing.T, wantError bool, mails []oddMail) {
	t.Helper()
	s := start(t)
	for _, m := range mails {
		_, err := s.Customer(ann).SendRaw([]byte(m.raw), support)
		noError(t, err)
	}
	inbox := s.Inbox(support)
	if len(inbox) != len(mails) {
		t.Fatalf("mails: got %d, want %d", len(inbox), len(mails))
	}
	for i, m := range mails {
		got := inbox[i]
		wantEqual(t, m.name+": bytes", string(got.Raw), m.raw)
		wantEqual(t, m.name+": text", got.Text, m.text)
		wantEqual(t, m.name+": files", len(got.Attachments), m.files)
		wantEqual(t, m.name+": the parser tells an error", got.ParseError != "", wantError)
	}
}

// cutMultipart is a multipart whose end is missing.
const cutMultipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello"

func TestParseUnusualMails(t *testing.T) {
	t.Parallel()
	checkOddMails(t, false, []oddMail{
		{name: "no content type", raw: "Subject: a\r\n\r\nplain\r\n", text: "plain\n"},
		{name: "Latin 1", raw: "Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9", text: "café"},
		{name: "Japanese", raw: "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B$3\x1b(B", text: "こ"},
		{name: "a file alone", raw: "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K", files: 1},
		{
			name:  "a mail as a file",
			raw:   cutMultipart + "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n",
			text:  "hello",
			files: 1,
		},
	})
}

// Mails that break the rules are stored as they are. Their readable parts are read, and the rest is reported as an
// error.
func TestParseFaultyMails(t *testing.T) {
	t.Parallel()
	checkOddMails(t, true, []oddMail{
		{name: "unknown charset", raw: "Content-Type: text/plain; charset=klingon\r\n\r\nx", text: "x"},
		{name: "broken base64", raw: "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!"},
		{name: "no boundary", raw: "Content-Type: multipart/mixed\r\n\r\nx"},
		{name: "multipart without its end", raw: cutMultipart, text: "hello"},
		{name: "no header", raw: "\x00\x00"},
		{name: "bad address", raw: "From: @@@\r\n\r\nx", text: "x"},
		{name: "bad date", raw: "Date: yesterday\r\n\r\nx", text: "x"},
	})
}

// IMAP also describes mails whose structure is broken.
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
	structure := &imap.FetchItemBodyStructure{Extended: true}
	msgs, err := c.Fetch(all, &imap.FetchOptions{UID: true, BodyStructure: structure, Envelope: true}).Collect()
	noError(t, err)
	wantEqual(t, "mails that are described", len(msgs), len(odd))
}

// A customer's reply goes to the mail's Reply-To address, refers to the mail and quotes it.
func TestReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := letter(t, support, ann, "Order 7", "First line\n\nThird")
	m.SetGenHeader("References", "<anchor@acme.test>")
	noError(t, m.ReplyTo("support+c7.ab@acme.test"))
	submit(t, s, m)

	c := s.Customer("Ann Lee <" + ann + ">")
	sent, err := c.Reply(c.Inbox()[0], "My <answer>\nis this")
	noError(t, err)
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
}

// A reply may have a subject and recipients of its own.
func TestReplyWithOwnFields(t *testing.T) {
	t.Parallel()
	s := start(t)
	submit(t, s, letter(t, support, ann, "Order 7", "x"))
	c := s.Customer(ann)
	_, err := c.ReplyWith(c.Inbox()[0], mailfake.Mail{Text: "own fields", Subject: "Other", To: []string{sales}})
	noError(t, err)
	inbox := s.Inbox(sales)
	if len(inbox) != 1 {
		t.Fatalf("mails of sales: got %+v, want one", inbox)
	}
	wantEqual(t, "subject", inbox[0].Subject, "Other")
}

// replyAs sends a mail to ann and has her reply with a program. The reply's bytes are golden. It returns the reply as
// it arrived.
func replyAs(t *testing.T, program mailfake.Program) mailfake.Received {
	t.Helper()
	s := start(t)
	submit(t, s, letter(t, support, ann, "Order 7", "First line\n\n> quoted\nlast <one>"))
	c := s.Customer("Ann Lee <" + ann + ">")
	sent, err := c.ReplyAs(program, c.Inbox()[0], mailfake.Mail{Text: "My answer"})
	noError(t, err)
	golden.Text(t, "testdata/reply_"+string(program)+".eml", string(sent.Raw))
	got := s.Inbox(support)[0]
	wantEqual(t, "error of the parser", got.ParseError, "")
	if !strings.HasPrefix(got.Text, "My answer\n\n") {
		t.Errorf("text: got %q, want the answer first", got.Text)
	}
	return got
}

// Each program quotes in its own way. Most of them send HTML as well.
func TestRepliesByPrograms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		program  mailfake.Program
		wantHTML bool
	}{
		{program: mailfake.Outlook, wantHTML: true},
		{program: mailfake.Apple, wantHTML: true},
		{program: mailfake.Plain, wantHTML: false},
	}
	for _, tt := range tests {
		t.Run(string(tt.program), func(t *testing.T) {
			t.Parallel()
			got := replyAs(t, tt.program)
			wantEqual(t, "it has HTML", got.HTML != "", tt.wantHTML)
		})
	}
}

func TestReplyByAnUnknownProgram(t *testing.T) {
	t.Parallel()
	if _, err := start(t).Customer(ann).ReplyAs("abacus", mailfake.Received{}, mailfake.Mail{}); err == nil {
		t.Error("the reply succeeded, want an error")
	}
}

// Sending fails with an error if the sender or the recipient is malformed, or the recipient is unknown.
func TestCustomerErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, from, to string }{
		{name: "malformed sender", from: "nobody", to: support},
		{name: "malformed recipient", from: ann, to: "???"},
		{name: "unknown recipient", from: ann, to: "no@acme.test"},
	}
	s := start(t)
	for _, tt := range tests {
		if _, err := s.Customer(tt.from).Send(mailfake.Mail{To: []string{tt.to}}); err == nil {
			t.Errorf("%s: the mail was sent, want an error", tt.name)
		}
	}
}

// A mail to several recipients is delivered to those who exist.
func TestCustomerMailToSeveral(t *testing.T) {
	t.Parallel()
	sent, err := start(t).Customer(ann).Send(mailfake.Mail{To: []string{"no@acme.test", support}})
	noError(t, err)
	wantEqual(t, "recipients who got it", len(sent.Delivered), 1)
	wantEqual(t, "recipients who are refused", len(sent.Refused), 1)
}
