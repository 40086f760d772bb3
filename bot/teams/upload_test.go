package teams

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/upload"
	"parley/bridge"
	"parley/channels/emulator"
)

// newUploadWorld makes a world whose replies may have files from an upload page.
func newUploadWorld(t *testing.T) *world {
	t.Helper()
	return newThreadWorld(t, func(o *Options, _ *teamsfake.Options) {
		o.PublicURL, o.LinkKeys = "http://127.0.0.1:1/parley", [][]byte{[]byte("a key")}
	})
}

// openUploadPage opens the form of a reply, types a text and presses "Attach files…". It returns the address of the
// page that opens.
func (w *world) openUploadPage(text string) *url.URL {
	w.t.Helper()
	w.openReplyForm()
	out := w.pressInDialog("Attach files…", client.Inputs{"t:text": text})
	wantEqual(w.t, "error", out.Error, "")
	if out.Dialog == nil || out.Dialog.URL == "" {
		w.t.Fatalf("got %+v, want a dialog with a page", out)
	}
	page, err := url.Parse(out.Dialog.URL)
	noError(w.t, err)
	return page
}

// uploadFile sends the page's form, with one file, to where the surface really is.
func (w *world) uploadFile(page *url.URL, text, name, content string) (status int, body string) {
	w.t.Helper()
	var form bytes.Buffer
	f := multipart.NewWriter(&form)
	noError(w.t, f.WriteField("text", text))
	part, err := f.CreateFormFile("file", name)
	noError(w.t, err)
	_, err = io.WriteString(part, content)
	noError(w.t, err)
	noError(w.t, f.Close())

	base := strings.TrimSuffix(w.url, "/teams/messages")
	r, err := http.NewRequestWithContext(w.ctx(), http.MethodPost, base+strings.TrimPrefix(page.Path, "/parley"), &form)
	noError(w.t, err)
	r.Header.Set("Content-Type", f.FormDataContentType())
	answer, err := emulator.NewClient().Do(r)
	noError(w.t, err)
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	noError(w.t, err)
	return answer.StatusCode, string(all)
}

// "Attach files…" in the form of a reply opens a page below Parley's public address. The page has the text that was
// typed so far, and the theme of the client.
func TestUploadPage(t *testing.T) {
	t.Parallel()
	w := newUploadWorld(t)
	w.ann.Theme = "dark"
	page := w.openUploadPage("Here **it** is")
	wantEqual(t, "text on the page", page.Fragment, "Here **it** is")
	wantEqual(t, "theme of the page", page.Query().Get("theme"), "dark")
	if want := "/parley/teams/upload/"; !strings.HasPrefix(page.Path, want) {
		t.Errorf("got the path %q, want it to begin with %q", page.Path, want)
	}
}

// The files and the text that are sent on the page become a reply by the person who opened the page.
func TestUploadBecomesAReply(t *testing.T) {
	t.Parallel()
	w := newUploadWorld(t)
	status, answer := w.uploadFile(w.openUploadPage("Here **it** is"), "Here it is", "plan.txt", "the plan")
	wantEqual(t, "status", status, http.StatusOK)
	wantWords(t, answer, "On its way to Kim Lee")

	a := w.waitAction(uploadFacts)
	wantReply(t, a, "Here it is")
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "kind of actor", a.Actor.Kind, bridge.ActorPerson)
	f := onlyFile(t, a)
	wantEqual(t, "name of the file", f.Name, "plan.txt")
	wantEqual(t, "size of the file", f.SizeBytes, int64(len("the plan")))
	if f.Blob == "" {
		t.Error("the file isn't stored")
	}
}

// If a page is sent twice, that is one reply. Both times the person is told that it is on its way.
func TestUploadThatIsSentTwiceIsOneReply(t *testing.T) {
	t.Parallel()
	w := newUploadWorld(t)
	page := w.openUploadPage("")
	for range 2 {
		status, answer := w.uploadFile(page, "Here it is", "plan.txt", "the plan")
		wantEqual(t, "status", status, http.StatusOK)
		wantWords(t, answer, "On its way to Kim Lee")
	}
	w.wantFacts(uploadFacts, 1)
}

// When the page says that it is done, the dialog closes.
func TestUploadClosesTheDialog(t *testing.T) {
	t.Parallel()
	w := newUploadWorld(t)
	w.uploadFile(w.openUploadPage(""), "Here it is", "plan.txt", "the plan")
	out, err := w.ann.Complete(w.ctx(), object{"uploaded": true})
	noError(t, err)
	wantNoDialog(t, out)
	if d := w.fake.Dialog(ann); d != nil {
		t.Errorf("Ann has the dialog %+v, want none", d)
	}
	w.wantNoProblems()
}

// Of several different replies with one ticket, sent together, one counts, and only its sender is told that it is on its way. So
// it is if several processes of Parley get them.
func TestOneTicketIsOneReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	replicas := w.replicas()
	ticket := upload.Ticket{User: ann, Conversation: 12, Nonce: "n", Place: bridge.Place{Channel: w.channel}}

	var accepted atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			reply := upload.Reply{Text: fmt.Sprint("reply ", i), Files: []bridge.SurfaceFile{{Name: "a", Blob: "b", SizeBytes: 1}}}
			already, err := replicas[i%len(replicas)].uploads.storeUpload(t.Context(), ticket, reply)
			if err != nil {
				t.Error(err)
			}
			if !already {
				accepted.Add(1)
			}
		})
	}
	all.Wait()
	wantEqual(t, "senders who were told that theirs is on its way", accepted.Load(), 1)
	w.wantFacts(uploadFacts, 1)
}

// The upload page needs a public address with TLS, because Teams opens no other.
func TestUploadPageNeedsTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		publicURL    string
		wantPage     bool
		wantHandlers int
	}{
		{name: "no address", publicURL: "", wantHandlers: 1},
		{name: "an address without TLS", publicURL: "http://help.acme.test", wantHandlers: 1},
		{name: "not an address", publicURL: "::", wantHandlers: 1},
		{name: "an address with TLS", publicURL: "https://help.acme.test", wantPage: true, wantHandlers: 4}, // also GET, POST and style
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := New(Options{
				AppID: "a", AppPassword: "b", TenantID: "c", Desk: newFakeDesk(),
				PublicURL: tt.publicURL, LinkKeys: [][]byte{[]byte("k")},
			})
			noError(t, err)

			wantEqual(t, "there is a page", s.upload != nil, tt.wantPage)
			wantEqual(t, "forms offer to attach files", s.org.Home().Attach, tt.wantPage)
			wantEqual(t, "handlers", len(s.Handlers()), tt.wantHandlers)
		})
	}
}

// Without an upload page, the form of a reply doesn't offer to attach files.
func TestNoUploadPage(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	wantNoWords(t, wantDialog(t, "Reply", w.openReplyForm()), "Attach files")
}

// Links lead to Teams at the address that the organisation's people use, which differs in a US Government cloud.
func TestLinksOfAGovernmentCloud(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		graphURL string
		wantHost string
	}{
		{name: "public cloud", graphURL: "", wantHost: "teams.microsoft.com"},
		{name: "GCC High", graphURL: "https://graph.microsoft.us/v1.0", wantHost: "gov.teams.microsoft.us"},
		{name: "DoD", graphURL: "https://DoD-Graph.microsoft.us/v1.0", wantHost: "dod.teams.microsoft.us"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", GraphURL: tt.graphURL, Desk: newFakeDesk()})
			noError(t, err)
			link := s.org.Home().Link(bridge.Place{Channel: "19:X", Message: "1"})
			if want := "https://" + tt.wantHost + "/l/message/"; !strings.HasPrefix(link, want) {
				t.Errorf("got the link %s, want it to begin with %s", link, want)
			}
		})
	}
}

// Teams of the US Government may show our pages in a frame, too.
func TestGovernmentCloudsMayShowOurPages(t *testing.T) {
	t.Parallel()
	const want = "https://*.teams.microsoft.us"
	if !slices.Contains(FrameOrigins(), want) {
		t.Errorf("those who may show our pages are %q, want %q among them", FrameOrigins(), want)
	}
}
