package teams

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/upload"
	"parley/bridge"
)

// newUploadTalk makes a world whose replies may have files from an upload page.
func newUploadTalk(t *testing.T) *world {
	t.Helper()
	return newTalk(t, func(o *Options, _ *teamsfake.Options) {
		o.PublicURL, o.LinkKeys = "http://127.0.0.1:1/parley", [][]byte{[]byte("a key")}
	})
}

// "Attach files…" in the form of a reply opens a page with what was typed so far. What is sent there is a reply of who opened it,
// once. Then the dialog closes.
func TestUploadPage(t *testing.T) {
	t.Parallel()
	w := newUploadTalk(t)
	w.press(w.ann, w.root, "More")
	w.submit("Reply", nil)
	w.ann.Theme = "dark"
	out := w.submit("Attach files…", client.Inputs{"t:text": "Here **it** is"})
	if out.Error != "" || out.Dialog == nil || out.Dialog.URL == "" {
		t.Fatalf("got %+v, want a dialog with a page", out)
	}
	page, err := url.Parse(out.Dialog.URL)
	must(t, err)
	wantEqual(t, "text on the page", page.Fragment, "Here **it** is")
	wantEqual(t, "theme of the page", page.Query().Get("theme"), "dark")
	wantEqual(t, "the page is below the public address", strings.HasPrefix(page.Path, "/parley/teams/upload/"), true)

	for range 2 {
		status, answer := w.uploadFile(page, "Here it is", "plan.txt", "the plan")
		wantEqual(t, "status", status, http.StatusOK)
		wantWords(t, answer, "On its way to Kim Lee")
	}
	w.wantFacts("a:", 1)
	a := w.waitAction("a:")
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "it is explicit", a.Explicit, true)
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "kind of actor", a.Actor.Kind, bridge.ActorPerson)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "text", a.Text, "Here it is")
	wantEqual(t, "the form is known", a.Form != "", true)
	if len(a.Files) != 1 {
		t.Fatalf("got the files %+v, want one", a.Files)
	}
	wantEqual(t, "name of the file", a.Files[0].Name, "plan.txt")
	wantEqual(t, "size of the file", a.Files[0].SizeBytes, int64(len("the plan")))
	wantEqual(t, "the file is stored", a.Files[0].Blob != "", true)

	out, err = w.ann.Complete(w.ctx(), map[string]any{"uploaded": true})
	must(t, err)
	wantNoDialog(t, out)
	wantEqual(t, "Ann has a dialog", w.fake.Dialog(ann) != nil, false)
	w.wantNoProblems()
}

// Of several different replies with one ticket, sent together, one counts, and only its sender is told that it is on its way.
func TestTwoUploadsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.surface.opt
	o.Desk = &slowDesk{desk: w.desk}
	s, err := New(o)
	must(t, err)
	ticket := upload.Ticket{User: ann, Conversation: 12, Nonce: "n", Place: bridge.Place{Channel: w.channel}}
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			already, err := s.uploads.storeUpload(t.Context(), ticket, upload.Reply{Text: fmt.Sprint("reply ", i), Files: []bridge.SurfaceFile{{Name: "a", Blob: "b", SizeBytes: 1}}})
			if err != nil {
				t.Error(err)
			}
			if !already {
				won.Add(1)
			}
		})
	}
	all.Wait()
	wantEqual(t, "how many were told that theirs is on its way", won.Load(), 1)
	w.wantFacts("a:", 1)
}

// slowDesk lets others go first after it was asked what it has seen.
type slowDesk struct{ *desk }

func (d *slowDesk) Seen(ctx context.Context, ids []string) (map[string]bool, error) {
	seen, err := d.desk.Seen(ctx, ids)
	for range 100 {
		runtime.Gosched()
	}
	return seen, err
}

// uploadFile sends the page's form to where the surface really is.
func (w *world) uploadFile(page *url.URL, text, name, content string) (status int, body string) {
	w.t.Helper()
	var form bytes.Buffer
	f := multipart.NewWriter(&form)
	must(w.t, f.WriteField("text", text))
	part, err := f.CreateFormFile("file", name)
	must(w.t, err)
	_, err = io.WriteString(part, content)
	must(w.t, err)
	must(w.t, f.Close())
	base := strings.TrimSuffix(w.url, "/teams/messages")
	r, err := http.NewRequestWithContext(w.ctx(), http.MethodPost, base+strings.TrimPrefix(page.Path, "/parley"), &form)
	must(w.t, err)
	r.Header.Set("Content-Type", f.FormDataContentType())
	answer, err := http.DefaultClient.Do(r)
	must(w.t, err)
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	must(w.t, err)
	return answer.StatusCode, string(all)
}

// An upload page needs a public address with TLS, as Teams could not open it elsewhere.
func TestUploadPageNeedsTLS(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]struct {
		hasPage  bool
		handlers int
	}{
		"":                       {handlers: 1},
		"http://help.acme.test":  {handlers: 1},
		"::":                     {handlers: 1},
		"https://help.acme.test": {hasPage: true, handlers: 4}, // messages, and the page's GET, POST and style
	} {
		s, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", PublicURL: public, LinkKeys: [][]byte{[]byte("k")}, Desk: newDesk()})
		must(t, err)
		wantEqual(t, fmt.Sprintf("%q has a page", public), s.upload != nil, want.hasPage)
		wantEqual(t, fmt.Sprintf("%q offers to attach files", public), s.org.Home().Attach, want.hasPage)
		wantEqual(t, fmt.Sprintf("handlers of %q", public), len(s.Handlers()), want.handlers)
	}
}

// Where there is no upload page, none is offered.
func TestNoUploadPage(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.press(w.ann, w.root, "More")
	card := wantDialog(t, "Reply", w.submit("Reply", nil))
	wantEqual(t, "files are offered", strings.Contains(card, "Attach files"), false)
}

// Links lead to Teams as the organisation's people open it, which may be in a US Government cloud. Teams there may show our pages, too.
func TestClientsOfAGovernmentCloud(t *testing.T) {
	t.Parallel()
	for graphURL, host := range map[string]string{
		"":                                    "teams.microsoft.com",
		"https://graph.microsoft.us/v1.0":     "gov.teams.microsoft.us",
		"https://DoD-Graph.microsoft.us/v1.0": "dod.teams.microsoft.us",
	} {
		s, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", GraphURL: graphURL, Desk: newDesk()})
		must(t, err)
		if link := s.org.Home().Link(bridge.Place{Channel: "19:X", Message: "1"}); !strings.HasPrefix(link, "https://"+host+"/l/message/") {
			t.Errorf("Graph at %q: got the link %s, want one to %s", graphURL, link, host)
		}
	}
	if !slices.Contains(Frames(), "https://*.teams.microsoft.us") {
		t.Errorf("got %q as those who may show our pages, want Teams of the US Government among them", Frames())
	}
}
