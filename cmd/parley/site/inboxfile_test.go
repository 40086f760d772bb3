package site_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
)

// photo is a PNG that is larger than what stands beside files.
func photo(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 900, 600))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var keptBox = regexp.MustCompile(`name="keep" value="([^"]+)"`)

// An answer with files leaves once, with its files, and both sides' files can be opened by whoever may read the
// conversation. What is refused keeps the files, for the browser that chose them alone; where replies are confirmed,
// they are shown once more.
//
func TestInboxFiles(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Lamp", Text: "Like this", Files: []channelstest.File{
		{Name: "photo.png", Type: "image/png", Content: photo(t)}, {Name: "evil.png", Type: "image/png", Content: []byte("<svg onload=alert(1)>")}}})
	ben, cat := s.Visitor("ben@acme.test"), s.Visitor("cat@acme.test")
	page := ben.Get("/inbox/1")
	plan := sitetest.File{Name: `the "plan".txt`, Type: "text/plain", Content: []byte("the plan")}

	dropped := keptBox.FindStringSubmatch(ben.Upload("/inbox/1/reply", form(page, "text", "!resolve"), plan).Body)
	refused := ben.Upload("/inbox/1/reply", form(page, "text", "!resolve"), plan)
	box := keptBox.FindStringSubmatch(refused.Body)
	if refused.Status != http.StatusUnprocessableEntity || box == nil || !refused.Has("the &#34;plan&#34;.txt (8 bytes)") || !refused.Has("!resolve") {
		t.Fatalf("what begins like a command: %d\n%s", refused.Status, refused.Body)
	}
	for name, a := range map[string]sitetest.Answer{
		"a file that went in another tab": ben.Upload("/inbox/1/reply", form(page, "text", "Here it is.", "keep", dropped[1])),
		"another's kept file":             cat.Upload("/inbox/1/reply", form(page, "text", "Here it is.", "keep", box[1])),
		"no form of ours":                 ben.Upload("/inbox/1/reply", url.Values{"text": {"x"}}),
		"an empty file":                   ben.Upload("/inbox/1/reply", form(page, "text", "x"), sitetest.File{Name: "none.txt", Type: "text/plain"}),
	} {
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d\n%s", name, a.Status, a.Body)
		}
	}
	refused = ben.Upload("/inbox/1/reply", form(page, "text", "!resolve"), plan)
	box = keptBox.FindStringSubmatch(refused.Body)
	again := ben.Upload("/inbox/1/reply", form(page, "text", "note: no", "keep", box[1])) // it stays however often that is refused
	if a := ben.Upload("/inbox/1/reply", form(again, "text", "Here it is.", "keep", box[1])); a.Status != http.StatusSeeOther {
		t.Errorf("with the kept file: %d\n%s", a.Status, a.Body)
	}
	s.until("it is sent", func() bool { return len(s.provider.Sent()) > 0 })
	twice := form(page, "text", "Sent twice.")
	for range 2 {
		if a := ben.Upload("/inbox/1/reply", twice, plan); a.Status != http.StatusSeeOther {
			t.Errorf("the reply: %d\n%s", a.Status, a.Body)
		}
	}
	alone := ben.Upload("/inbox/1/reply", form(ben.Get("/inbox/1"), "text", ""), sitetest.File{Name: "../../b.png", Type: "", Content: photo(t)})
	if alone.Status != http.StatusSeeOther {
		t.Errorf("a file alone: %d\n%s", alone.Status, alone.Body)
	}
	s.until("all are sent", func() bool { return s.count(`SELECT count(*) FROM messages WHERE fate = 'out'`) == 3 })
	sent := s.provider.Sent()
	if len(sent) != 3 || len(sent[0].Files) != 1 || string(sent[0].Files[0].Content) != "the plan" || sent[0].Files[0].Name != plan.Name || len(sent[1].Files) != 1 ||
		sent[2].Files[0].Name != "b.png" || sent[2].Files[0].Type != "image/png" {
		t.Errorf("the customer got %+v", sent)
	}

	in, out := s.count(`SELECT id::int FROM messages WHERE direction = 'in'`), s.count(`SELECT min(id)::int FROM messages WHERE fate = 'out'`)
	if a := cat.Get(fmt.Sprintf("/inbox/1/files/%d/0", out)); a.Body != "the plan" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("what left: %d %q", a.Status, a.Body)
	}
	small := ben.Get(fmt.Sprintf("/inbox/1/pictures/%d/0", in))
	if c, err := jpeg.DecodeConfig(strings.NewReader(small.Body)); err != nil || c.Width != 320 || small.Header.Get("Content-Type") != "image/jpeg" ||
		!strings.Contains(small.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the small picture: %d %v %+v", small.Status, err, c)
	}
	if a := ben.Get(fmt.Sprintf("/inbox/1/pictures/%d/1", in)); a.Status != http.StatusNotFound || a.Has("onload") {
		t.Errorf("what is no picture: %d %s", a.Status, a.Body)
	}
	if shown := ben.Get("/inbox/1"); !shown.Has(fmt.Sprintf(`src="/inbox/1/pictures/%d/0"`, in)) || !shown.Has(fmt.Sprintf(`href="/inbox/1/files/%d/0"`, out)) {
		t.Errorf("the page:\n%s", shown.Body)
	}
}

// Whoever may not read a conversation gets none of its files and attaches none, and nothing of what they send is kept.
//
func TestInboxFilesAccess(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.writes("guards-mail", channelstest.Event{From: "vera@customer.test", Name: "Vera", Subject: "Salary", Text: "x", Files: []channelstest.File{{Name: "a.png", Type: "image/png", Content: photo(t)}}})
	s.writes("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Subject: "Lamp", Text: "Hello"})
	secret, ben := s.count(`SELECT id::int FROM messages WHERE conversation_id = 1`), s.Visitor("ben@acme.test")
	page, blobs := ben.Get("/inbox/2"), s.count(`SELECT count(*) FROM blobs`)
	for name, a := range map[string]sitetest.Answer{
		"its picture":            ben.Get(fmt.Sprintf("/inbox/1/pictures/%d/0", secret)),
		"its picture by another": ben.Get(fmt.Sprintf("/inbox/2/pictures/%d/0", secret)),
		"a reply with a file":    ben.Upload("/inbox/1/reply", form(page, "text", "x"), sitetest.File{Name: "a.txt", Type: "text/plain", Content: []byte("x")}),
	} {
		if a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if n := s.count(`SELECT count(*) FROM blobs`) - blobs; n != 0 {
		t.Errorf("%d files were stored", n)
	}
}

// In a browser: where replies are confirmed, a reply with a file is shown once more; a channel's limits are told beside
// the field, and the file stays.
//
func TestInboxFilesInBrowser(t *testing.T) {
	t.Parallel()
	s := startInbox(t, func(c *channels.Capabilities) { c.Files.Limits = channels.FileLimits{channels.FileImage: 5 << 20} })
	s.Apply(strings.Replace(deskCompany, "hold: 0s,", "hold: 0s, settings: {confirm_send: \"on\"},", 1))
	if err := s.engine.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria Rossi", Subject: "Lamp", Text: "Like this one:",
		Files: []channelstest.File{{Name: "photo.png", Type: "image/png", Content: photo(t)}}})
	dir := t.TempDir()
	for name, content := range map[string][]byte{"plan.txt": []byte("the plan"), "lamp.png": photo(t)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Until("the picture is there", "document.querySelector('.thumb') && document.querySelector('.thumb').naturalWidth === 320")
	b.Write("#reply", "Like this?")
	b.Do("choose a file", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{filepath.Join(dir, "plan.txt")}))
	b.Press(".say button.main")
	b.Shows("Look at it once more")
	b.Press(".say button.main")
	b.Shows("takes no documents")
	b.Looks("inbox-file-refused")
	b.Press("input[name=keep]")
	b.Do("choose another", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{filepath.Join(dir, "lamp.png")}))
	b.Press(".say button.main")
	b.Shows("Look at it once more")
	b.Shows("lamp.png (")
	b.Looks("inbox-file-confirm")
	b.Press(".say button.main")
	b.Until("it left", "document.querySelectorAll('.thumb').length === 2")
	b.Looks("inbox-file-sent")
	s.until("the customer has it", func() bool { return len(s.provider.Sent()) == 1 })
	if got := s.provider.Sent()[0]; got.Text != "Like this?" || len(got.Files) != 1 || got.Files[0].Name != "lamp.png" {
		t.Errorf("the customer got %+v", got)
	}
}
