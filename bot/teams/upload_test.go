package teams

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/bot/teams/teamsfake"
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
	out := w.pressInDialog("Attach files…", teamsfake.Inputs{"t:text": text})
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
			already, err := replicas[i%len(replicas)].org.App.storeUpload(t.Context(), ticket, reply)
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
