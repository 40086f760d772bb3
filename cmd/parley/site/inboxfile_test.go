package site_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
)

// These tests are about files in the inbox: those of customers, and those that agents send with their replies.
// startInbox (inboxsite_test.go) makes the site, its agents Ben and Cat, and the emulated provider that takes the
// replies.

// pngPhoto returns a PNG that is larger than the small picture that is shown beside a message.
func pngPhoto(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	check(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, 900, 600))))
	return out.Bytes()
}

// planFile is a file that an agent sends.
func planFile() sitetest.File {
	return sitetest.File{Name: `the "plan".txt`, Type: "text/plain", Content: []byte("the plan")}
}

const (
	replyPath    = "/inbox/1/reply"
	refusedReply = "!resolve" // is refused since it begins like a command
)

// startInboxWithFiles starts an inbox with one conversation. Its customer has sent a photo (file 0), a file that only
// pretends to be a picture (file 1), and a picture that browsers can't draw (file 2).
func startInboxWithFiles(t *testing.T) *inboxSite {
	t.Helper()
	s := startInbox(t)
	s.receive("support-mail", channelstest.Event{
		From:    "maria@customer.test",
		Name:    "Maria",
		Subject: "Lamp",
		Text:    "Like this",
		Files: []channelstest.File{
			{Name: "photo.png", Type: "image/png", Content: pngPhoto(t)},
			{Name: "evil.png", Type: "image/png", Content: []byte("<svg onload=alert(1)>")},
			{Name: "phone.heic", Type: "image/heic", Content: []byte("no browser draws this")},
		},
	})
	return s
}

// waitForSent waits until so many replies have left, and returns what the customer got.
func (s *inboxSite) waitForSent(replies int) []channelstest.Sent {
	s.T.Helper()
	s.waitFor(fmt.Sprintf("%d replies have left", replies), func() bool {
		return s.count(`SELECT count(*) FROM messages WHERE fate = 'out'`) == replies
	})
	sent := s.provider.Sent()
	if len(sent) != replies {
		s.T.Fatalf("the customer got %d messages, want %d: %+v", len(sent), replies, sent)
	}
	return sent
}

var keptFileField = regexp.MustCompile(`name="keep" value="([^"]+)"`)

// keptFile returns the name under which a page of a refused reply keeps its files.
func keptFile(t *testing.T, page sitetest.Answer) string {
	t.Helper()
	found := keptFileField.FindStringSubmatch(page.Body)
	if found == nil {
		t.Fatalf("the page keeps no file: %d\n%s", page.Status, page.Body)
	}
	return found[1]
}

// A reply that is sent twice leaves once, with its file.
// Requirement R-274: An inbox in the browser.
// Requirement R-064: Bounds for pictures.
func TestInboxReplyWithFile(t *testing.T) {
	t.Parallel()
	s := startInboxWithFiles(t)
	ben := s.Visitor("ben@acme.test")
	reply := form(ben.Get("/inbox/1"), "text", "Sent twice.")
	for range 2 {
		wantStatus(t, "the reply", ben.Upload(replyPath, reply, planFile()), http.StatusSeeOther)
	}
	// The last reply leaves after those before it, so the reply that was sent twice has left as often as it will.
	wantStatus(t, "the last reply", ben.Upload(replyPath, form(ben.Get("/inbox/1"), "text", "The last one.")), http.StatusSeeOther)

	files := s.waitForSent(2)[0].Files
	if len(files) != 1 {
		t.Fatalf("the reply left with %d files, want 1: %+v", len(files), files)
	}
	if got, want := files[0].Name, planFile().Name; got != want {
		t.Errorf("the file is called %q, want %q", got, want)
	}
	if got := string(files[0].Content); got != "the plan" {
		t.Errorf("the file holds %q, want the plan", got)
	}
}

// A kept file can be sent only by the browser that chose it, and only until that browser chooses another one.
// Requirement R-274: An inbox in the browser.
func TestInboxKeptFileOfOthers(t *testing.T) {
	t.Parallel()
	s := startInboxWithFiles(t)
	ben, cat := s.Visitor("ben@acme.test"), s.Visitor("cat@acme.test")
	page := ben.Get("/inbox/1")
	replaced := keptFile(t, ben.Upload(replyPath, form(page, "text", refusedReply), planFile()))
	kept := keptFile(t, ben.Upload(replyPath, form(page, "text", refusedReply), planFile()))

	wantStatus(t, "a file that another agent has chosen",
		cat.Upload(replyPath, form(page, "text", "Here it is.", "keep", kept)), http.StatusUnprocessableEntity)
	wantStatus(t, "a file in whose place another tab has chosen one",
		ben.Upload(replyPath, form(page, "text", "Here it is.", "keep", replaced)), http.StatusUnprocessableEntity)
}

// Requirement R-274: An inbox in the browser.
func TestInboxRefusesUploads(t *testing.T) {
	t.Parallel()
	s := startInboxWithFiles(t)
	ben := s.Visitor("ben@acme.test")
	page := ben.Get("/inbox/1")
	withoutForm := url.Values{"text": {"x"}} // without the field that the page's form has
	empty := sitetest.File{Name: "none.txt", Type: "text/plain"}
	wantStatus(t, "what no page of the site sends", ben.Upload(replyPath, withoutForm), http.StatusUnprocessableEntity)
	wantStatus(t, "an empty file", ben.Upload(replyPath, form(page, "text", "x"), empty), http.StatusUnprocessableEntity)
}

// An agent who may read a conversation can open the files of both sides. A picture is shown small. A file that only
// pretends to be a picture, or that browsers can't draw, isn't shown.
// Requirement R-274: An inbox in the browser.
// Requirement R-064: Bounds for pictures.
func TestInboxShowsFiles(t *testing.T) {
	t.Parallel()
	s := startInboxWithFiles(t)
	ben, cat := s.Visitor("ben@acme.test"), s.Visitor("cat@acme.test")
	wantStatus(t, "the reply", ben.Upload(replyPath, form(ben.Get("/inbox/1"), "text", "Look"), planFile()), http.StatusSeeOther)
	s.waitForSent(1)
	in, out := s.count(`SELECT id::int FROM messages WHERE direction = 'in'`), s.count(`SELECT id::int FROM messages WHERE fate = 'out'`)
	picture, pretended := fmt.Sprintf("/inbox/1/pictures/%d/0", in), fmt.Sprintf("/inbox/1/pictures/%d/1", in)
	plan := fmt.Sprintf("/inbox/1/files/%d/0", out)

	t.Run("page", func(t *testing.T) {
		page := ben.Get("/inbox/1")
		wantShown(t, "the conversation", page, `src="`+picture+`"`, `href="`+plan+`"`, "phone.heic")
		wantHidden(t, "the conversation", page, fmt.Sprintf(`src="/inbox/1/pictures/%d/2"`, in))
	})
	t.Run("file", func(t *testing.T) {
		a := cat.Get(plan)
		if a.Body != "the plan" {
			t.Errorf("the file holds %q, want the plan", a.Body)
		}
		wantHeader(t, "the file", a, "Content-Disposition", "attachment")
	})
	t.Run("small picture", func(t *testing.T) {
		a := ben.Get(picture)
		config, err := jpeg.DecodeConfig(strings.NewReader(a.Body))
		if err != nil {
			t.Fatalf("the small picture is no JPEG: %v (status %d)", err, a.Status)
		}
		if config.Width != 320 {
			t.Errorf("the small picture is %d pixels wide, want 320", config.Width)
		}
		wantHeader(t, "the small picture", a, "Content-Type", "image/jpeg")
		wantHeader(t, "the small picture", a, "Content-Security-Policy", "sandbox")
	})
	t.Run("pretended picture", func(t *testing.T) {
		a := ben.Get(pretended)
		wantStatus(t, "what isn't a picture", a, http.StatusNotFound)
		wantHidden(t, "what isn't a picture", a, "onload")
	})
}

// An agent who may not read a conversation gets none of its files and attaches none, and no file that he sends is
// kept.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestInboxFilesAccess(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.receive("guards-mail", channelstest.Event{
		From:    "vera@customer.test",
		Name:    "Vera",
		Subject: "Salary",
		Text:    "x",
		Files:   []channelstest.File{{Name: "a.png", Type: "image/png", Content: pngPhoto(t)}},
	})
	s.receive("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Subject: "Lamp", Text: "Hello"})
	ben := s.Visitor("ben@acme.test") // of Support: conversation 2 is his, conversation 1 is the guards'
	page, secret := ben.Get("/inbox/2"), s.count(`SELECT id::int FROM messages WHERE conversation_id = 1`)
	stored := s.count(`SELECT count(*) FROM blobs`)

	for _, tt := range []struct {
		name   string
		answer sitetest.Answer
	}{
		{name: "its picture", answer: ben.Get(fmt.Sprintf("/inbox/1/pictures/%d/0", secret))},
		{name: "its picture by the number of his own conversation", answer: ben.Get(fmt.Sprintf("/inbox/2/pictures/%d/0", secret))},
		{name: "a reply with a file", answer: ben.Upload(replyPath, form(page, "text", "x"), planFile())},
	} {
		if tt.answer.Status != http.StatusForbidden && tt.answer.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 403 or 404", tt.name, tt.answer.Status)
		}
	}
	if n := s.count(`SELECT count(*) FROM blobs`); n != stored {
		t.Errorf("%d files were stored, want none", n-stored)
	}
}
