package mailfake_test

import (
	"bytes"
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

func pixel() []byte { return []byte("\x89PNG\r\n\x1a\n\x00picture") }

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
