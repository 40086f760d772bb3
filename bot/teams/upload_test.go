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

// TestUploadPage: "Attach files…" in the form of a reply opens a page, with what was typed so
// far; what is sent there is a reply of who opened it, once; then the dialog closes.
func TestUploadPage(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, d, func(o *Options, _ *teamsfake.Options) {
		o.PublicURL, o.LinkKeys = "http://127.0.0.1:1/parley", [][]byte{[]byte("a key")}
	}).connect()
	d.Open(w.channel)
	root, p := w.thread(d), w.fake.As(ann)
	w.click(p, root, "More")
	_, err := p.Submit(within(t), "Reply", nil)
	must(t, err)
	p.Theme = "dark"
	out, err := p.Submit(within(t), "Attach files…", client.Inputs{"t:text": "Here **it** is"})
	must(t, err)
	if out.Error != "" || out.Dialog == nil || out.Dialog.URL == "" {
		t.Fatalf("no page: %+v", out)
	}
	u, err := url.Parse(out.Dialog.URL)
	must(t, err)
	if u.Fragment != "Here **it** is" || u.Query().Get("theme") != "dark" || !strings.HasPrefix(u.Path, "/parley/teams/upload/") {
		t.Errorf("the page is %s", u)
	}
	for range 2 {
		if status, page := w.upload(u, "Here it is", "plan.txt", "the plan"); status != http.StatusOK || !strings.Contains(page, "On its way to Kim Lee") {
			t.Fatalf("%d %s", status, page)
		}
	}
	if n := d.Number("a:"); n != 1 {
		t.Errorf("%d replies", n)
	}
	a := w.accepted(d, "a:")
	if a.Verb != bridge.VerbReply || !a.Explicit || a.Origin != bridge.OriginForm || a.Actor.ID != ann || a.Actor.Kind != bridge.ActorPerson || a.Args.Conversation != 12 ||
		a.Text != "Here it is" || a.Form == "" || len(a.Files) != 1 || a.Files[0].Name != "plan.txt" || a.Files[0].Blob == "" || a.Files[0].SizeBytes != 8 {
		t.Errorf("%+v", a)
	}
	out, err = p.Complete(within(t), map[string]any{"uploaded": true})
	must(t, err)
	if out.Error != "" || out.Dialog != nil || w.fake.Dialog(ann) != nil {
		t.Errorf("the page is done: %+v", out)
	}
	w.noProblems()
}

// TestTwoUploadsAtOnce: of several different replies with one ticket, sent together, one counts,
// and only its sender is told that it is on its way.
func TestTwoUploadsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, &thoughtfulDesk{d}, nil)
	ticket := upload.Ticket{User: ann, Conversation: 12, Nonce: "n", Place: bridge.Place{Channel: w.channel}}
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			already, err := w.s.uploads.storeUpload(within(t), ticket, upload.Reply{Text: fmt.Sprint("reply ", i), Files: []bridge.SurfaceFile{{Name: "a", Blob: "b", SizeBytes: 1}}})
			if err != nil {
				t.Error(err)
			}
			if !already {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || d.Number("a:") != 1 {
		t.Errorf("%d were told that theirs is on its way; %d stored", won.Load(), d.Number("a:"))
	}
}

// thoughtfulDesk lets others go first after it was asked what it has seen.
type thoughtfulDesk struct{ *desk }

func (d *thoughtfulDesk) Seen(ctx context.Context, ids []string) (map[string]bool, error) {
	seen, err := d.desk.Seen(ctx, ids)
	for range 100 {
		runtime.Gosched()
	}
	return seen, err
}

// upload sends the page's form to where the surface really is.
func (w *world) upload(page *url.URL, text, name, content string) (status int, body string) {
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
	r, err := http.NewRequestWithContext(within(w.t), http.MethodPost, base+strings.TrimPrefix(page.Path, "/parley"), &form)
	must(w.t, err)
	r.Header.Set("Content-Type", f.FormDataContentType())
	answer, err := http.DefaultClient.Do(r)
	must(w.t, err)
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	must(w.t, err)
	return answer.StatusCode, string(all)
}

// TestNoUploadPage: where Teams could not open the page, or the channel takes no files, none is
// offered; a button of before says that it is no longer valid.
func TestNoUploadPage(t *testing.T) {
	t.Parallel()
	for _, public := range []string{"", "http://help.acme.test", "::"} {
		s, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", PublicURL: public, LinkKeys: [][]byte{[]byte("k")}, Desk: newDesk()})
		must(t, err)
		if s.upload != nil || s.org.Home().Attach || len(s.Handlers()) != 1 {
			t.Errorf("%q has a page", public)
		}
	}
	s, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", PublicURL: "https://help.acme.test", LinkKeys: [][]byte{[]byte("k")}, Desk: newDesk()})
	must(t, err)
	if s.upload == nil || len(s.Handlers()) != 4 {
		t.Error("https has no page")
	}
	w, _, root, p := talk(t)
	w.click(p, root, "More")
	out, err := p.Submit(within(t), "Reply", nil)
	must(t, err)
	if out.Dialog == nil || strings.Contains(string(out.Dialog.Card), "Attach files") {
		t.Errorf("offered without a page: %+v", out)
	}
}

// TestClientsOfAGovernmentCloud: links lead to Teams as the organisation's people open it, which may be in a US Government
// cloud, and Teams there may show our pages, too.
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
			t.Errorf("Graph at %q: %s", graphURL, link)
		}
	}
	if !slices.Contains(Frames(), "https://*.teams.microsoft.us") {
		t.Errorf("frames: %q", Frames())
	}
}
