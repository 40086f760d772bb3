package site_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// pasted writes a picture as it is pasted into a signature.
func pasted(picture []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
}

// large is a file of so many bytes that begins with a picture. Parley tells its kind by the beginning alone.
func large(t *testing.T, size int) []byte {
	t.Helper()
	picture := logo(t)
	return append(picture, make([]byte, size-len(picture))...)
}

// signed is a Parley with a mailbox, in which an admin writes the account's signature and answers a customer.
type signed struct {
	t     *testing.T
	app   *app.App
	ann   *sitetest.Visitor
	jane  *mailfake.Customer
	asked int
}

func newSigned(t *testing.T) *signed {
	t.Helper()
	w := world(t, company.Options{})
	vars := map[string]string{"DATABASE_URL": storetest.URL(t), "PARLEY_DATA": t.TempDir(), "PARLEY_LISTEN": "127.0.0.1:0", "SLACK_RATE": "0"}
	for _, v := range w.Env() {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	env := must(app.LoadEnv(func(name string) (string, bool) { value, ok := vars[name]; return value, ok }))(t)
	db, a := parley(t, env)
	check(t, lab.Apply(t.Context(), db, w.Config(0), nil))
	s := &signed{
		t:    t,
		app:  a,
		ann:  sitetest.At(t, db.Pool, "http://"+a.Address()).Visitor("ann@acme.test"),
		jane: w.Mail.Customer("Jane Doe <jane@example.org>"),
	}
	must(s.jane.Send(mailfake.Mail{To: []string{company.HelpAddress}, Subject: "Where is my order?", Text: firstWords}))(t)
	waitUntil(t, "the mail is in the inbox", func() bool { return s.ann.Get("/inbox/1").Has(firstWords) })
	return s
}

// write sends the form of a signature's page.
func (s *signed) write(path, signature string) sitetest.Answer {
	s.t.Helper()
	return s.ann.Upload(path, url.Values{"version": {s.ann.Get(path).Version()}, "signature": {signature}})
}

// answers writes a reply, and gives the mail that the customer gets.
func (s *signed) answers() mailfake.Received {
	s.t.Helper()
	check(s.t, s.app.Engine().Reload(s.t.Context()))
	a := s.ann.Post("/inbox/1", form(s.ann.Get("/inbox/1"), "verb", "reply", "text", "It comes on Monday."))
	if a.Status != http.StatusSeeOther {
		s.t.Fatalf("the reply: %d %s", a.Status, a.Body)
	}
	s.asked++
	waitUntil(s.t, "the customer has the answer", func() bool { return len(s.jane.Inbox()) >= s.asked })
	return s.jane.Inbox()[s.asked-1]
}

// A picture that was pasted into a signature leaves as a part of the mail, which the HTML names by its content id. It
// never leaves as an address that holds the picture, because many mail programs don't show that. A picture of 256 KB
// leaves. A larger one is refused beside the field, and what was typed stays there.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestPastedPictureLeaves(t *testing.T) {
	t.Parallel()
	s := newSigned(t)
	const account = "/settings/accounts/support-mail/signature"
	small, largest := logo(t), large(t, 256<<10)
	for _, c := range []struct {
		what, path, signature string
		picture               []byte
	}{
		{"Markdown", account, "**Acme Lamps**\n\n![Our lamp](" + pasted(small) + ")", small},
		{"HTML", account, `<p><b>Acme Lamps</b></p><img alt="Our lamp" src="` + pasted(small) + `"><img alt="Our lamp" src="` + pasted(small) + `">`, small},
		{"HTML in capitals, and over several lines", account,
			`<p>Acme Lamps</p><IMG ALT="Our lamp" SRC='` + strings.Replace(pasted(small), "data:", "DATA:", 1)[:60] + "\n" + pasted(small)[60:] + `'>`,
			small},
		{"the largest", account, "Acme Lamps\n\n![Our lamp](" + pasted(largest) + ")", largest},
		{"an agent's own", "/settings/me", "Acme Lamps\n\n![Our lamp](" + pasted(small) + ")", small},
	} {
		if a := s.write(c.path, c.signature); a.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", c.what, a.Status, a.Body)
		}

		mail := s.answers()
		if !strings.Contains(mail.HTML, `src="cid:signature-1@parley"`) || strings.Contains(strings.ToLower(mail.HTML+mail.Text), "data:") {
			t.Errorf("%s: the HTML is %.2000s", c.what, mail.HTML)
		}
		if !strings.Contains(mail.Text, "Acme Lamps") || !strings.Contains(mail.Text, "Our lamp") {
			t.Errorf("%s: the text is %.2000s", c.what, mail.Text)
		}
		i := slices.IndexFunc(mail.Attachments, func(a mailfake.Attachment) bool { return a.ContentID == "signature-1@parley" })
		if len(mail.Attachments) != 1 || i < 0 || !bytes.Equal(mail.Attachments[i].Content, c.picture) {
			t.Errorf("%s: %d parts, the picture is number %d", c.what, len(mail.Attachments), i)
		}
	}

	for _, size := range []int{256<<10 + 1, 600 << 10} {
		signature := "Yours, the lamps\n\n![x](" + pasted(large(t, size)) + ")"
		a := s.write(account, signature)
		_, beside, found := strings.Cut(a.Body, `id="f-signature-problem">`)
		if a.Status != http.StatusUnprocessableEntity || !found || !strings.Contains(beside[:min(len(beside), 300)], "256 KB") ||
			!a.Has("Yours, the lamps") {
			t.Errorf("%d bytes: %d, beside the field: %.300s", size, a.Status, beside)
		}
	}

	if a := s.ann.Get(account); a.Has("Yours, the lamps") {
		t.Error("what was refused is stored")
	}
}
