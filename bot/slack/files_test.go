package slack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

func upload(name, content string) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(content)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(content))), nil
	}}
}

// sendAll sends all parts of a post, as the lane does.
func (st *stage) sendAll(p bridge.Post) bridge.Sent {
	st.t.Helper()
	for {
		sent := st.send(p)
		if !sent.More {
			return sent
		}
		p.Part, p.Progress = p.Part+1, sent.Progress
	}
}

// Cases 8 and 24: files are one message; its id is learned from its event; an empty one is
// named.
func TestSendFiles(t *testing.T) {
	t.Parallel()
	for _, run := range []bool{true, false} {
		t.Run(fmt.Sprintf("connected %v", run), func(t *testing.T) {
			t.Parallel()
			st := newStage(t, run)
			root := st.root()
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{upload("a.txt", "one"), upload("", "two"), upload("../../empty", "")}
			sent := st.sendAll(p)
			m := st.fake.Message(st.ch, sent.Message)
			if m == nil || m.ThreadTS != root.Message || len(m.Files) != 2 {
				t.Fatalf("sent %+v, message %+v", sent, m)
			}
			if !strings.Contains(m.Text, "empty (0 bytes)") || !strings.Contains(m.Text, "Eve &amp; Co") {
				t.Errorf("text %q", m.Text)
			}
			if f := st.fake.File(m.Files[0].ID); string(f.Data) != "one" || f.Title != "a.txt" {
				t.Errorf("%q holds %q", f.Title, f.Data)
			}
		})
	}
}

// Whatever a customer sends, of each kind and size: the agent finds it among the message's files,
// or is told why not.
func TestEveryFileIsMet(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	for _, c := range []struct {
		name, kind string
		size       int64
		word       string // "" = the file itself
	}{
		{"photo.png", "image/png", 1, ""}, {"phone.jpg", "image/jpeg", 400_000, ""}, {"heavy.jpg", "image/jpeg", 1<<20 + 1, ""},
		{"moving.gif", "image/gif", 10, ""}, {"sticker.webp", "image/webp", 10, ""}, {"photo.heic", "image/heic", 10, ""},
		{"drawing.svg", "image/svg+xml", 10, ""}, {"plan.pdf", "application/pdf", 10, ""}, {"unknown", "", 1, ""},
		{"empty.png", "image/png", 0, "(0 bytes)"}, {"film.mp4", "video/mp4", maxFileBytes + 1, "1 GB"},
	} {
		p := st.post(bridge.PostFiles, root, c.name)
		f := upload(c.name, strings.Repeat("x", int(min(c.size, 1<<21))))
		f.ContentType, f.SizeBytes = c.kind, c.size
		p.Files = []channels.File{f}
		sent := st.sendAll(p)
		m := st.fake.Message(st.ch, sent.Message)
		switch {
		case m == nil || !strings.Contains(m.Text, c.name):
			t.Errorf("%s: the agent sees %+v", c.name, m)
		case c.word != "" && !strings.Contains(m.Text, c.word):
			t.Errorf("%s: nothing says why it isn't there: %s", c.name, m.Text)
		case c.word == "" && (len(m.Files) != 1 || int64(len(st.fake.File(m.Files[0].ID).Data)) != c.size):
			t.Errorf("%s: files %+v", c.name, m.Files)
		}
	}
}

// However many of a customer's files can't be had, or are none that Slack takes: each is named, with the reason, beside those that
// are shown and where none is.
func TestManyFilesAreMissing(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string][]channels.File{"beside a file": {upload("shown.txt", "one")}, "alone": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, false)
			root := st.root()
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = shown
			var names []string
			for i := range 30 {
				empty, lost := fmt.Sprintf("empty-%d-%s.png", i, strings.Repeat("n", 40)), fmt.Sprintf("lost-%d.pdf", i)
				p.Files = append(p.Files, upload(empty, ""))
				p.Missing = append(p.Missing, bridge.Missing{Name: lost, Reason: strings.Repeat("the provider doesn't have it any more, ", 5) + "says " + lost})
				names = append(names, empty+" (0 bytes)", lost+" from Eve", "says "+lost)
			}
			sent := st.sendAll(p)
			m := st.fake.Message(st.ch, sent.Message)
			if m == nil || len(m.Files) != len(shown) {
				t.Fatalf("the agent sees %+v", m)
			}
			for _, name := range names {
				if !strings.Contains(m.Text, name) {
					t.Errorf("nothing says %q in %q", name, m.Text)
					break
				}
			}
		})
	}
}

// Where a workspace takes no files, which lasts until a person changes that, the agent reads which files came and why they are not
// there, and what the customer writes next is shown. Nothing is posted twice if the answer is lost.
func TestWorkspaceTakesNoFiles(t *testing.T) {
	t.Parallel()
	for code, why := range map[string]string{
		"file_uploads_disabled": "file uploads are switched off in Slack",
		"storage_limit_reached": "the Slack workspace's file storage is full",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, false)
			root := st.root()
			st.fake.Inject(slackfake.Fault{Method: "files.getUploadURLExternal", Kind: slackfake.FaultError, Error: code})
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{upload("plan.pdf", "one")}
			sent := st.sendAll(p)
			m := st.fake.Message(st.ch, sent.Message)
			if m == nil || m.ThreadTS != root.Message || !strings.Contains(m.Text, "plan.pdf ("+why+")") {
				t.Fatalf("the agent sees %+v", m)
			}
			out, again, err := st.s.Reconcile(st.ctx(), p)
			if err != nil || out != channels.Landed || again.Message != sent.Message || again.More {
				t.Errorf("looked for: %v %+v %v", out, again, err)
			}
		})
	}
}

// A file of a kind or size that a workspace forbids doesn't keep the others from being shown, and is named with the reason.
func TestForbiddenFileAmongOthers(t *testing.T) {
	t.Parallel()
	for code, why := range map[string]string{
		"file_type_not_allowed":               "setup.exe (files of this kind are not allowed in Slack)",
		"file_uploads_except_images_disabled": "setup.exe (only pictures are allowed in Slack)",
		"file_upload_size_restricted":         "setup.exe (larger than the Slack workspace allows)",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, false)
			root := st.root()
			st.fake.Inject(slackfake.Fault{Method: "files.getUploadURLExternal", Kind: slackfake.FaultError, Error: code, Skip: 1, Times: 1})
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{upload("plan.png", "one"), upload("setup.exe", "bad"), upload("photo.png", "two")}
			sent := st.sendAll(p)
			m := st.fake.Message(st.ch, sent.Message)
			if m == nil || len(m.Files) != 2 || !strings.Contains(m.Text, "plan.png, "+why+", photo.png") {
				t.Errorf("the agent sees %+v", m)
			}
		})
	}
}

// Slack may also refuse files only when they are to be shown: all because of one, and doesn't say because of which, or because of
// the workspace. An empty file, which was never tried, doesn't make a single one one of several.
func TestFilesForbiddenTogether(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		files int
		words string
	}{
		"file_uploads_except_images_disabled": {1, "plan.png, setup.exe (only pictures are allowed in Slack)"},
		"file_type_not_allowed": {0, "plan.png (not shown: Slack allows no files of one of these kinds), " +
			"setup.exe (not shown: Slack allows no files of one of these kinds)"},
		"file_upload_size_restricted": {0, "plan.png (not shown: one of these is larger than the Slack workspace allows), " +
			"setup.exe (not shown: one of these is larger than the Slack workspace allows)"},
		"storage_limit_reached": {0, "plan.png (the Slack workspace's file storage is full), setup.exe (the Slack workspace's file storage is full)"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, false)
			root := st.root()
			st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultError, Error: code, Times: 1})
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{upload("plan.png", "one"), upload("setup.exe", "bad")}
			p.Files[0].ContentType = "image/png"
			sent := st.sendAll(p)
			m := st.fake.Message(st.ch, sent.Message)
			if m == nil || len(m.Files) != want.files || !strings.Contains(m.Text, want.words) {
				t.Errorf("the agent sees %+v", m)
			}

			st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultError, Error: code, Times: 1})
			p = st.post(bridge.PostFiles, root, "t2")
			p.Files = []channels.File{upload("setup.exe", "bad"), upload("empty.png", "")}
			m = st.fake.Message(st.ch, st.sendAll(p).Message)
			if m == nil || strings.Contains(m.Text, "one of these") {
				t.Errorf("of a single file the agent sees %+v", m)
			}
		})
	}
}

func TestReconcileFiles(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{upload("a.txt", "one")}
	first := st.send(p)
	if !first.More || first.Progress == "" || len(st.fake.Thread(st.ch, root.Message)) > 1 {
		t.Fatalf("first part %+v", first)
	}
	p.Part, p.Progress = 1, first.Progress
	if out, _, err := st.s.Reconcile(st.ctx(), p); err != nil || out != channels.Absent {
		t.Errorf("before: %v %v", out, err)
	}
	st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultError, Error: "posting_to_channel_denied", Times: 1})
	_, err := st.s.Send(st.ctx(), p)
	class(t, err, channels.BadRecipient, bridge.ErrChannelClosed)
	st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultHTTP, After: true, Times: 1})
	_, err = st.s.Send(st.ctx(), p)
	class(t, err, channels.Ambiguous, nil)
	var out channels.Outcome
	err = st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Thread(st.ch, root.Message)) > 1 })
	must(t, err)
	out, sent, err := st.s.Reconcile(st.ctx(), p)
	if err != nil || out != channels.Landed || st.fake.Message(st.ch, sent.Message) == nil {
		t.Errorf("after: %v %+v %v", out, sent, err)
	}
	if again := st.send(p); again.Message != sent.Message { // by a process that knows of no attempt
		t.Errorf("shown as %q, then as %q", sent.Message, again.Message)
	}
}

// sendPatiently makes all parts of a post, as the lane does. Each time that the surface asks to wait, later lets time pass.
func (st *stage) sendPatiently(p bridge.Post, later func()) bridge.Sent {
	st.t.Helper()
	for {
		sent, err := st.s.Send(st.ctx(), p)
		if err != nil {
			if se := class(st.t, err, channels.Retry, nil); se.Wait == 0 || sent.Progress == "" {
				st.t.Fatalf("%+v, %+v", sent, se)
			}
			p.Progress = sent.Progress
			later()
			continue
		}
		if !sent.More {
			return sent
		}
		p.Part, p.Progress = p.Part+1, sent.Progress
	}
}

// Slack shows files after it has said that it does, and now and then never: they are awaited, then uploaded once more, and named
// when that doesn't help either. None is shown twice.
func TestFilesThatSlackShowsLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		drops, calls int
		shown        bool
	}{"late": {0, 1, true}, "dropped once": {1, 2, true}, "dropped always": {2, 2, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			st := newStage(t, false, func(o *Options, f *slackfake.Options) {
				o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
				f.FileShareDelay = 100 * time.Millisecond
			})
			root := st.root()
			if c.drops > 0 {
				st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultNeverShare, Times: c.drops})
			}
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{upload("plan.pdf", "one")}
			sent := st.sendPatiently(p, func() {
				if len(st.fake.Calls("files.completeUploadExternal")) <= c.drops {
					now = now.Add(sharePatience)
					return
				}
				must(t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Thread(st.ch, root.Message)) > 1 }))
			})
			m, thread := st.fake.Message(st.ch, sent.Message), st.fake.Thread(st.ch, root.Message)
			if m == nil || len(thread) != 2 || (len(m.Files) == 1) != c.shown || !strings.Contains(m.Text, "plan.pdf") {
				t.Fatalf("the agent sees %+v of %d", m, len(thread))
			}
			if saysWhy := strings.Contains(m.Text, "Slack took it, but doesn't show it"); saysWhy == c.shown {
				t.Errorf("text %q", m.Text)
			}
			if calls := st.fake.Calls("files.completeUploadExternal"); len(calls) != c.calls {
				t.Errorf("%d times asked to show files", len(calls))
			}
			if looks := len(st.fake.Calls("files.info")); looks > 4*c.calls { // three while they are awaited, one by each later attempt
				t.Errorf("%d looks for the files", looks)
			}
		})
	}
}

// Where Slack showed files at top level, since the thread's first message was deleted, they are taken back and shown in the new
// thread. Slack doesn't show the same upload again.
func TestFilesInADeletedThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{upload("plan.pdf", "one")}
	p.Progress = st.send(p).Progress
	must(t, st.fake.Admin.ForgetMessage(st.ch, root.Message))
	p.Part = lastShowPart
	sent, err := st.s.Send(st.ctx(), p)
	class(t, err, channels.BadContent, bridge.ErrThreadLost)
	p.Place, p.Progress = st.root(), sent.Progress
	sent = st.sendPatiently(p, func() {})
	m := st.fake.Message(st.ch, sent.Message)
	if m == nil || m.ThreadTS != p.Place.Message || len(m.Files) != 1 || len(st.fake.Messages(st.ch)) != 1 {
		t.Errorf("the agent sees %+v, %d at top level", m, len(st.fake.Messages(st.ch)))
	}
}

// Uploading is invisible: whatever fails there is certain.
func TestUploadFailureIsCertain(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{upload("a.txt", "one")}
	st.fake.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Times: 1})
	_, err := st.s.Send(st.ctx(), p)
	class(t, err, channels.Retry, nil)
	p.Files = []channels.File{upload("a", ""), upload("b", "")}
	if sent := st.sendAll(p); st.fake.Message(st.ch, sent.Message) == nil {
		t.Errorf("empty files: %+v", sent)
	}
}

// In an Enterprise organisation a file's address leads on to another one, which wants the token, too. To a place that isn't Slack's
// nobody follows, and not to the page for signing in, which nobody could tell from a file that is a web page.
func TestOpenMovedFile(t *testing.T) {
	t.Parallel()
	st := newStage(t, false, func(_ *Options, f *slackfake.Options) { f.MovedFiles = true })
	root := st.root()
	ts, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.ch, Thread: root.Message, Files: []slackfake.NewFile{{Name: "a.txt", Data: []byte("hello")}}})
	must(t, err)
	r, err := st.s.Open(st.ctx(), bridge.SurfaceFile{ID: st.fake.Message(st.ch, ts).Files[0].ID})
	must(t, err)
	defer r.Close() //nolint:errcheck // read only
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("%q %v", got, err)
	}

	for target, want := range map[string]struct{ follows, token bool }{
		"https://files-origin.slack.com/files-pri/T1-F1/a.txt": {true, true},
		"https://slack-files.com/files-pri/T1-F1/plan.pdf?pub": {true, false},
		"https://a.slack-edge.com/x":                           {true, false},
		"http://a.slack-edge.com/x":                            {},
		"https://acme.slack.com/?redir=%2Ffiles-pri%2FT1-F1":   {token: true},
		"https://slack.com/signin":                             {token: true},
		"https://slack-files.com.evil.test/x":                  {},
		"https://169.254.169.254/latest":                       {},
	} {
		u, err := url.Parse(target)
		must(t, err)
		from := &url.URL{Scheme: "https", Host: "files.slack.com"}
		resp := &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {target}}, Request: &http.Request{URL: from}}
		if follows := st.s.files.nextHop(resp) != nil; follows != want.follows || st.s.isTrusted(u) != want.token {
			t.Errorf("%s: followed %v, with the token %v", target, follows, st.s.isTrusted(u))
		}
	}
}
