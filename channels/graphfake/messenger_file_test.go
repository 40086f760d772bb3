package graphfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// startFileServer serves pictures and a text at its address. For /a.png it needs the emulator's lock, as a host that is
// part of the app may.
func startFileServer(t *testing.T, r *pageWorld) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/a.png":
			_ = r.customer.Conversation() // needs the emulator's lock
			w.Header().Set("Content-Type", "image/png; charset=binary")
			_, _ = w.Write([]byte("PNG"))
		case "/big.png":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(bytes.Repeat([]byte("x"), maxPageImage+1))
		case "/a.txt":
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte("words"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A file can be sent by its address or in the form. If it can't be fetched, or isn't of the named kind, it is refused.
func TestPageSendsFile(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	files := startFileServer(t, r)
	for _, tt := range []struct {
		name       string
		attachment string
		filedata   string // its type; "" means that no file comes with the call
		want       string // the verdict
		wantFile   string // what the customer gets
		wantID     bool   // the answer says how the file can be sent again
	}{
		{
			name:       "a picture by its address",
			attachment: `{"type":"image","payload":{"url":"` + files + `/a.png"}}`,
			want:       "200",
			wantFile:   "a.png image/png PNG",
		},
		{
			name:       "a picture that can be sent again",
			attachment: `{"type":"image","payload":{"url":"` + files + `/a.png","is_reusable":true}}`,
			want:       "200",
			wantFile:   "a.png image/png PNG",
			wantID:     true,
		},
		{
			name:       "a file of any type",
			attachment: `{"type":"file","payload":{"url":"` + files + `/a.txt"}}`,
			want:       "200",
			wantFile:   "a.txt text/plain words",
		},
		{
			name:       "a picture in the form",
			attachment: `{"type":"image","payload":{}}`,
			filedata:   "image/png",
			want:       "200",
			wantFile:   "b.png image/png DATA",
		},
		{
			name:       "a picture in the form that can be sent again",
			attachment: `{"type":"image","payload":{"is_reusable":true}}`,
			filedata:   "image/png",
			want:       "200",
			wantFile:   "b.png image/png DATA",
			wantID:     true,
		},
		{
			name:       "an address where there is nothing",
			attachment: `{"type":"image","payload":{"url":"` + files + `/none.png"}}`,
			want:       "400 100/2018008",
		},
		{
			name:       "no address",
			attachment: `{"type":"image","payload":{"url":"riddle"}}`,
			want:       "400 100/2018008",
		},
		{
			name:       "a text as a picture",
			attachment: `{"type":"image","payload":{"url":"` + files + `/a.txt"}}`,
			want:       "400 100/2018047",
		},
		{
			name:       "a picture that is too large",
			attachment: `{"type":"image","payload":{"url":"` + files + `/big.png"}}`,
			want:       "400 100/2018047",
		},
		{
			name:       "nothing at all",
			attachment: `{"type":"image","payload":{}}`,
			want:       "400 100/0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parts := []part{{name: "recipient", content: `{"id":"` + r.customer.ID() + `"}`}, {name: "messaging_type", content: "RESPONSE"},
				{name: "message", content: `{"attachment":` + tt.attachment + `}`}}
			if tt.filedata != "" {
				parts = append(parts, part{name: "filedata", content: "DATA", file: "b.png", contentType: tt.filedata})
			}
			before := len(r.customer.Inbox())
			contentType, body := multipartOf(t, parts...)
			verdict, answer := r.call(t, http.MethodPost, r.page.ID()+"/messages", contentType, []byte(body))
			wantEqual(t, "verdict", verdict, tt.want)
			_, hasID := answer["attachment_id"].(string)
			wantEqual(t, "the answer has an attachment_id", hasID, tt.wantID)
			got := ""
			for _, m := range r.customer.Inbox()[before:] {
				got += fmt.Sprintf("%s %s %s", m.Name, m.ContentType, m.File)
			}
			wantEqual(t, "file at the customer's", got, tt.wantFile)
		})
	}
}

// A file that was sent as reusable can be sent again by its id.
func TestPageSendsFileAgain(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	files := startFileServer(t, r)
	send := func(payload string) (verdict string, answer map[string]any) {
		attachment := `{"attachment":{"type":"image","payload":` + payload + `}}`
		body := `{"recipient":{"id":"` + r.customer.ID() + `"},"messaging_type":"RESPONSE","message":` + attachment + `}`
		return r.call(t, http.MethodPost, r.page.ID()+"/messages", "application/json", []byte(body))
	}
	_, first := send(`{"url":"` + files + `/a.png","is_reusable":true}`)
	id, _ := first["attachment_id"].(string)
	verdict, _ := send(`{"attachment_id":"` + id + `"}`)
	wantEqual(t, "verdict", verdict, "200")
	if got := r.customer.Inbox(); len(got) != 2 || string(got[1].File) != "PNG" {
		t.Errorf("the customer got %+v, want the picture twice", got)
	}
}

// An upload may give an address instead of a file.
func TestPageUploadsByAddress(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	files := startFileServer(t, r)
	for _, tt := range []struct {
		name       string
		attachment string
		want       string
	}{
		{
			name:       "a picture",
			attachment: `{"type":"image","payload":{"url":"` + files + `/a.png","is_reusable":true}}`,
			want:       "200",
		},
		{
			name:       "nothing there",
			attachment: `{"type":"image","payload":{"url":"` + files + `/none"}}`,
			want:       "400 100/2018008",
		},
		{
			name:       "neither address nor file",
			attachment: `{"type":"image","payload":{"is_reusable":true}}`,
			want:       "400 100/0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(`{"message":{"attachment":` + tt.attachment + `}}`)
			verdict, answer := r.call(t, http.MethodPost, r.page.ID()+"/message_attachments", "application/json", body)
			wantEqual(t, "verdict", verdict, tt.want)
			id, _ := answer["attachment_id"].(string)
			wantEqual(t, "has an id", id != "", tt.want == "200")
		})
	}
}

// conversationPage is a page of the list of conversations.
type conversationPage struct {
	people []string // ids of the conversations, without what stands before them
	next   string   // addresses; "" means none
	prev   string
}

// listConversations reads a page of the Page's conversations by its address.
func (r *pageWorld) listConversations(t *testing.T, address string) conversationPage {
	t.Helper()
	status, answer := callOpenly(t, http.MethodGet, address, "", "")
	var list struct {
		Data   []struct{ ID string }
		Paging struct{ Next, Previous string }
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", address, status, answer, err)
	}
	page := conversationPage{next: list.Paging.Next, prev: list.Paging.Previous}
	for _, one := range list.Data {
		page.people = append(page.people, strings.TrimPrefix(one.ID, "t_"))
	}
	return page
}

// Conversations are listed in pages, the one with the newest message first. Each page gives the address of the next.
func TestConversationsComeInPages(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	want := []string{r.customer.ID()}
	for i := range 4 {
		r.mu.Lock()
		r.ahead += time.Second
		r.mu.Unlock()
		person := r.page.Customer(fmt.Sprintf("Person %d", i))
		person.Text("Hello")
		want = append([]string{person.ID()}, want...)
	}

	first := r.listConversations(t, r.URL()+"/v26.0/"+r.page.ID()+"/conversations?platform=messenger&limit=2&access_token=T")
	second := r.listConversations(t, first.next)
	third := r.listConversations(t, second.next)
	got := append(append(first.people, second.people...), third.people...)
	wantEqual(t, "people", strings.Join(got, " "), strings.Join(want, " "))
	wantEqual(t, "page behind the last", third.next, "")
	wantEqual(t, "page before the first", first.prev, "")
	back := r.listConversations(t, second.prev)
	wantEqual(t, "the first page again", strings.Join(back.people, " "), strings.Join(first.people, " "))
}

// A cursor that the fake never gave is refused.
func TestConversationsRefuseCursor(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	verdict, _ := r.call(t, http.MethodGet, r.page.ID()+"/conversations?after=riddle", "", nil)
	wantEqual(t, "verdict", verdict, "400 100/0")
}
