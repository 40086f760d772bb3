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

// textFile is a file of a customer's message.
func textFile(name, content string) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(content)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(content))), nil
	}}
}

// sendAll sends all parts of a post, as the lane does.
func (st *stage) mustSendAll(p bridge.Post) bridge.Sent {
	st.t.Helper()
	for {
		sent := st.mustSend(p)
		if !sent.More {
			return sent
		}
		p.Part, p.Progress = p.Part+1, sent.Progress
	}
}

// newFilesPost makes a post of files in a root's thread.
func (st *stage) newFilesPost(root bridge.Place, files ...channels.File) bridge.Post {
	p := st.newPost(bridge.PostFiles, root, "t1")
	p.Files = files
	return p
}

// Cases 8 and 24: files become one message, whose stamp Slack tells by an event, or in the thread if we aren't connected. A file
// without bytes, which Slack refuses, is named.
func TestSendFiles(t *testing.T) {
	t.Parallel()
	for name, newStage := range map[string]func(*testing.T, ...func(*Options, *slackfake.Options)) *stage{
		"connected": newConnectedStage, "not connected": newStage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			sent := st.mustSendAll(st.newFilesPost(root, textFile("a.txt", "one"), textFile("", "two"), textFile("../../empty", "")))
			m := st.wantMessage(sent.Message, root.Message, 2)
			wantWords(t, m.Text, "empty (0 bytes)", "Eve &amp; Co")
			f := st.fake.File(m.Files[0].ID)
			wantEqual(t, "title of the first file", f.Title, "a.txt")
			wantEqual(t, "content of the first file", string(f.Data), "one")
		})
	}
}

// Whatever a customer sends, of each kind and size, the agent finds it among the message's files, or is told why not.
func TestFilesOfAllKinds(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	for _, tt := range []struct {
		name, contentType string
		size              int64
		why               string // it can't be shown; "" if it can
	}{
		{name: "photo.png", contentType: "image/png", size: 1},
		{name: "phone.jpg", contentType: "image/jpeg", size: 400_000},
		{name: "heavy.jpg", contentType: "image/jpeg", size: 1<<20 + 1},
		{name: "moving.gif", contentType: "image/gif", size: 10},
		{name: "sticker.webp", contentType: "image/webp", size: 10},
		{name: "photo.heic", contentType: "image/heic", size: 10},
		{name: "drawing.svg", contentType: "image/svg+xml", size: 10},
		{name: "plan.pdf", contentType: "application/pdf", size: 10},
		{name: "unknown", size: 1},
		{name: "empty.png", contentType: "image/png", why: "(0 bytes)"},
		{name: "film.mp4", contentType: "video/mp4", size: maxFileBytes + 1, why: "1 GB"},
	} {
		f := textFile(tt.name, strings.Repeat("x", int(min(tt.size, 1<<21)))) // of the film only a part is made
		f.ContentType, f.SizeBytes = tt.contentType, tt.size
		p := st.newFilesPost(root, f)
		p.Token = tt.name
		m := st.fake.Message(st.channel, st.mustSendAll(p).Message)
		if m == nil {
			t.Fatalf("%s: there is no message", tt.name)
		}
		wantWords(t, m.Text, tt.name, tt.why)
		if tt.why == "" && (len(m.Files) != 1 || int64(len(st.fake.File(m.Files[0].ID).Data)) != tt.size) {
			t.Errorf("%s: got the files %+v, want one of %d bytes", tt.name, m.Files, tt.size)
		}
	}
}

// A file with a very long name keeps its ending, by which agents' computers know how to open it.
func TestLongFileNameKeepsItsEnding(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	p := st.newFilesPost(st.postRoot(), textFile("Rechnung_"+strings.Repeat("y", 120)+".pdf", "one"))
	m := st.fake.Message(st.channel, st.mustSendAll(p).Message)
	if m == nil || len(m.Files) != 1 {
		t.Fatalf("got the message %+v, want one with a file", m)
	}
	wantEqual(t, "name of the file", m.Files[0].Name, "Rechnung_"+strings.Repeat("y", 66)+"….pdf")
}

// However many of a customer's files can't be had, or are none that Slack takes, each is named with the reason, beside those that
// are shown, and also if none is.
func TestManyFilesAreMissing(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string][]channels.File{"beside a file": {textFile("shown.txt", "one")}, "alone": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			p := st.newFilesPost(root, shown...)
			var want []string
			for i := range 30 {
				empty, lost := fmt.Sprintf("empty-%d-%s.png", i, strings.Repeat("n", 40)), fmt.Sprintf("lost-%d.pdf", i)
				p.Files = append(p.Files, textFile(empty, ""))
				p.Missing = append(p.Missing, bridge.Missing{Name: lost, Reason: strings.Repeat("the provider doesn't have it any more, ", 5) + "says " + lost})
				want = append(want, empty+" (0 bytes)", lost+" from Eve", "says "+lost)
			}
			m := st.wantMessage(st.mustSendAll(p).Message, root.Message, len(shown))
			for _, words := range want {
				if !strings.Contains(m.Text, words) {
					t.Fatalf("want %q in %q", words, m.Text)
				}
			}
		})
	}
}

// If a workspace takes no files, which lasts until a person changes that, the agent reads which files came and why they are not
// there, and what the customer writes next is shown. Nothing is posted twice if the answer is lost.
func TestWorkspaceTakesNoFiles(t *testing.T) {
	t.Parallel()
	for code, why := range map[string]string{
		"file_uploads_disabled": "file uploads are switched off in Slack",
		"storage_limit_reached": "the Slack workspace's file storage is full",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			st.fake.Inject(slackfake.Fault{Method: "files.getUploadURLExternal", Kind: slackfake.FaultError, Error: code})
			p := st.newFilesPost(root, textFile("plan.pdf", "one"))
			sent := st.mustSendAll(p)
			wantWords(t, st.wantMessage(sent.Message, root.Message, 0).Text, "plan.pdf ("+why+")")
			found := st.wantReconciled(p, channels.Landed)
			wantEqual(t, "message that is found", found.Message, sent.Message)
			wantEqual(t, "more follows", found.More, false)
		})
	}
}

// A file of a kind or size that a workspace forbids keeps no others from being shown, and is named with the reason.
func TestForbiddenFileAmongOthers(t *testing.T) {
	t.Parallel()
	for code, why := range map[string]string{
		"file_type_not_allowed":               "setup.exe (files of this kind are not allowed in Slack)",
		"file_uploads_except_images_disabled": "setup.exe (only pictures are allowed in Slack)",
		"file_upload_size_restricted":         "setup.exe (larger than the Slack workspace allows)",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			st.fake.Inject(slackfake.Fault{Method: "files.getUploadURLExternal", Kind: slackfake.FaultError, Error: code, Skip: 1, Times: 1})
			sent := st.mustSendAll(st.newFilesPost(root, textFile("plan.png", "one"), textFile("setup.exe", "bad"), textFile("photo.png", "two")))
			wantWords(t, st.wantMessage(sent.Message, root.Message, 2).Text, "plan.png, "+why+", photo.png")
		})
	}
}

// refusedTogether is a fault: Slack refuses files when they are to be shown.
func refusedTogether(code string) slackfake.Fault {
	return slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultError, Error: code, Times: 1}
}

// Slack may refuse files only when they are to be shown: all because of one, without saying of which, or because of the workspace.
func TestFilesForbiddenTogether(t *testing.T) {
	t.Parallel()
	const kinds, size = "(not shown: Slack allows no files of one of these kinds)", "(not shown: one of these is larger than the Slack workspace allows)"
	const full = "(the Slack workspace's file storage is full)"
	for code, tt := range map[string]struct {
		shown int
		words string
	}{
		"file_uploads_except_images_disabled": {shown: 1, words: "plan.png, setup.exe (only pictures are allowed in Slack)"},
		"file_type_not_allowed":               {words: "plan.png " + kinds + ", setup.exe " + kinds},
		"file_upload_size_restricted":         {words: "plan.png " + size + ", setup.exe " + size},
		"storage_limit_reached":               {words: "plan.png " + full + ", setup.exe " + full},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			st.fake.Inject(refusedTogether(code))
			p := st.newFilesPost(root, textFile("plan.png", "one"), textFile("setup.exe", "bad"))
			p.Files[0].ContentType = "image/png"
			wantWords(t, st.wantMessage(st.mustSendAll(p).Message, root.Message, tt.shown).Text, tt.words)
		})
		t.Run(code+", beside an empty file, which isn't uploaded", func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			st.fake.Inject(refusedTogether(code))
			p := st.newFilesPost(st.postRoot(), textFile("setup.exe", "bad"), textFile("empty.png", ""))
			text := st.fake.Message(st.channel, st.mustSendAll(p).Message).Text
			wantEqual(t, "the file counts as one of several", strings.Contains(text, "one of these"), false)
		})
	}
}

// Of files that Slack showed although its answer was lost, the message is found. Those that it didn't show aren't.
func TestReconcileFiles(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	p := st.newFilesPost(root, textFile("a.txt", "one"))

	// The first part uploads the files: nothing is seen of it.
	first := st.mustSend(p)
	wantEqual(t, "another part follows", first.More, true)
	wantEqual(t, "messages in the thread", len(st.fake.Thread(st.channel, root.Message)), 1)

	// The second part shows them. It fails for certain, then perhaps.
	p.Part, p.Progress = 1, first.Progress
	st.wantReconciled(p, channels.Absent)
	st.fake.Inject(refusedTogether("posting_to_channel_denied"))
	_, err := st.surface.Send(st.ctx(), p)
	wantSendErrorIs(t, err, channels.BadRecipient, bridge.ErrChannelClosed)
	st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultHTTP, After: true, Times: 1})
	_, err = st.surface.Send(st.ctx(), p)
	_ = wantSendError(t, err, channels.Ambiguous)

	// It is found, also by a process that knows of no attempt.
	st.waitInThread(root, 2)
	found := st.wantReconciled(p, channels.Landed)
	st.wantMessage(found.Message, root.Message, 1)
	wantEqual(t, "message of the next attempt", st.mustSend(p).Message, found.Message)
}

// sendPatiently sends all parts of a post, as the lane does. Each time that the surface asks to wait, it calls later, in which time passes.
func (st *stage) sendPatiently(p bridge.Post, later func()) bridge.Sent {
	st.t.Helper()
	for {
		sent, err := st.surface.Send(st.ctx(), p)
		if err != nil {
			se := wantSendError(st.t, err, channels.Retry)
			if se.Wait == 0 || sent.Progress == "" {
				st.t.Fatalf("got %v with the progress %q, want a time to wait and what was done so far", se, sent.Progress)
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

// Slack shows files some time after it has said that it does, and now and then never. They are awaited, then uploaded once more, and
// named if that doesn't help either. None is shown twice.
func TestFilesThatSlackShowsLate(t *testing.T) {
	t.Parallel()
	const looksPerUpload = 4 // three while they are awaited, one by each later attempt
	for name, tt := range map[string]struct {
		dropped int // how many uploads Slack never shows
		uploads int // wanted
		shown   int // files that are wanted
	}{
		"late":           {uploads: 1, shown: 1},
		"dropped once":   {dropped: 1, uploads: 2, shown: 1},
		"dropped always": {dropped: 2, uploads: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			st := newStage(t, func(o *Options, f *slackfake.Options) {
				o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
				f.FileShareDelay = 100 * time.Millisecond
			})
			root := st.postRoot()
			if tt.dropped > 0 {
				st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultNeverShare, Times: tt.dropped})
			}
			sent := st.sendPatiently(st.newFilesPost(root, textFile("plan.pdf", "one")), func() {
				if len(st.fake.Calls("files.completeUploadExternal")) <= tt.dropped {
					now = now.Add(sharePatience)
					return
				}
				st.waitInThread(root, 2)
			})
			m := st.wantMessage(sent.Message, root.Message, tt.shown)
			wantWords(t, m.Text, "plan.pdf")
			wantEqual(t, "says why it isn't shown", strings.Contains(m.Text, "Slack took it, but doesn't show it"), tt.shown == 0)
			wantEqual(t, "messages in the thread", len(st.fake.Thread(st.channel, root.Message)), 2)
			wantEqual(t, "uploads", len(st.fake.Calls("files.completeUploadExternal")), tt.uploads)
			if looks, most := len(st.fake.Calls("files.info")), looksPerUpload*tt.uploads; looks > most {
				t.Errorf("looked %d times for the files, want at most %d", looks, most)
			}
		})
	}
}

// If Slack showed files at top level, because the thread's first message was deleted, they are taken back and shown in the new
// thread. Slack doesn't show the same upload again.
func TestFilesInADeletedThread(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	p := st.newFilesPost(root, textFile("plan.pdf", "one"))
	p.Progress = st.mustSend(p).Progress
	must(t, st.fake.Admin.ForgetMessage(st.channel, root.Message))
	p.Part = lastShowPart
	sent, err := st.surface.Send(st.ctx(), p)
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrThreadLost)
	p.Place, p.Progress = st.postRoot(), sent.Progress
	sent = st.sendPatiently(p, func() {})
	st.wantMessage(sent.Message, p.Place.Message, 1)
	wantEqual(t, "messages at top level", len(st.fake.Messages(st.channel)), 1)
}

// Nobody sees an upload, so that it is certain that nothing was shown if it fails.
func TestUploadFailureIsCertain(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.fake.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Times: 1})
	_, err := st.surface.Send(st.ctx(), st.newFilesPost(st.postRoot(), textFile("a.txt", "one")))
	_ = wantSendError(t, err, channels.Retry)
}

// Files without bytes are told of in a message without files.
func TestOnlyEmptyFiles(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	sent := st.mustSendAll(st.newFilesPost(root, textFile("a", ""), textFile("b", "")))
	st.wantMessage(sent.Message, root.Message, 0)
}

// In an Enterprise organisation a file's address leads on to another one, which wants the token, too.
func TestOpenMovedFile(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(_ *Options, f *slackfake.Options) { f.MovedFiles = true })
	shared := st.shareFile(slackfake.NewFile{Name: "a.txt", Data: []byte("hello")})
	got, err := st.readFile(bridge.SurfaceFile{ID: shared.ID})
	must(t, err)
	wantEqual(t, "content of the file", got, "hello")
}

// Nobody follows an address to a place that isn't Slack's, or to the page for signing in, which can't be told from a file that is a
// web page. Of those that are followed only some get the token.
func TestWhereFilesMayMove(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	from := &url.URL{Scheme: "https", Host: "files.slack.com"}
	for target, want := range map[string]struct{ isFollowed, getsToken bool }{
		"https://files-origin.slack.com/files-pri/T1-F1/a.txt": {isFollowed: true, getsToken: true},
		"https://slack-files.com/files-pri/T1-F1/plan.pdf?pub": {isFollowed: true},
		"https://a.slack-edge.com/x":                           {isFollowed: true},
		"http://a.slack-edge.com/x":                            {},
		"https://acme.slack.com/?redir=%2Ffiles-pri%2FT1-F1":   {},
		"https://slack.com/signin":                             {},
		"https://slack-files.com.evil.test/x":                  {},
		"https://169.254.169.254/latest":                       {},
	} {
		isFollowed, getsToken := false, false
		st.surface.http = &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
			if r.URL.Host == from.Host {
				wantEqual(t, "credentials that Slack gets", r.Header.Get("Authorization"), "Bearer "+st.surface.token)
				return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {target}}, Body: http.NoBody, Request: r}
			}
			isFollowed, getsToken = true, r.Header.Get("Authorization") != ""
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}
		}), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := st.surface.files.download(st.ctx(), from)
		must(t, err)
		must(t, resp.Body.Close())
		wantEqual(t, target+" is followed", isFollowed, want.isFollowed)
		wantEqual(t, target+" gets the token", getsToken, want.getsToken)
	}
}
