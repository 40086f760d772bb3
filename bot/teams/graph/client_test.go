package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

// Every message is found once, however many pages they are on, and with one token.
func TestPages(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{GraphPage: 3})
	want := map[string]string{} // the root by the message, as of readAll
	for i := range 7 {
		root := st.postAsAnn("", fmt.Sprint("root ", i))
		want[root] = ""
		for range i * 10 {
			want[st.postAsAnn(root, "reply")] = root
		}
	}
	if got := st.readAll(); !maps.Equal(got, want) {
		t.Errorf("got %d messages, want %d:\n got %v\nwant %v", len(got), len(want), got, want)
	}
	wantEqual(t, "requests for tokens", len(st.srv.Calls("token")), 1)
}

// The replies of a thread come in pages of 50.
func TestReplies(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	root := st.postAsAnn("", "hello")
	for i := range 60 {
		st.postAsAnn(root, fmt.Sprint("reply ", i))
	}
	first, err := st.client.Replies(st.ctx(), thread(root), "")
	must(t, err)
	wantEqual(t, "replies on the first page", len(first.Value), 50)
	second, err := st.client.Replies(st.ctx(), thread(root), first.Next)
	must(t, err)
	wantEqual(t, "replies on the second page", len(second.Value), 10)
	wantEqual(t, "page behind the second one", second.Next, "")
}

// A message says who wrote it, and when it was changed or deleted.
func TestMessage(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	root := st.postAsAnn("", "hello **there**")
	edited, deleted := st.postAsAnn(root, "first"), st.postAsAnn(root, "second")
	must(t, st.ann.Edit(tickets, edited, "changed"))
	must(t, st.ann.Delete(tickets, deleted))
	read := func(id string) graph.Message {
		t.Helper()
		m, err := st.client.Message(st.ctx(), thread(root), id)
		must(t, err)
		return m
	}

	m := read(root)
	wantEqual(t, "id of the root", m.ID, root)
	wantEqual(t, "its root", m.ReplyToID, "")
	wantEqual(t, "its type", m.Type, "message")
	wantEqual(t, "its author", m.From.User.ID, ann)
	wantEqual(t, "it has a time", m.CreatedAt.IsZero(), false)
	wantEqual(t, "it has its formatting", strings.Contains(m.Body.Content, "<strong>there</strong>"), true)

	m = read(edited)
	wantEqual(t, "root of the edited reply", m.ReplyToID, root)
	wantEqual(t, "it is edited", !m.EditedAt.IsZero(), true)
	wantEqual(t, "it is deleted", !m.DeletedAt.IsZero(), false)
	wantEqual(t, "it has its new words", strings.Contains(m.Body.Content, "changed"), true)

	wantEqual(t, "the deleted reply is deleted", !read(deleted).DeletedAt.IsZero(), true)
	if _, err := st.client.Message(st.ctx(), thread(root), "1"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("of no message: got error %v, want ErrNotFound", err)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	list, err := st.client.Channels(st.ctx(), group)
	must(t, err)
	if want := (graph.Channel{ID: tickets, Name: "tickets", MembershipType: "standard"}); len(list) != 2 || !slices.Contains(list, want) {
		t.Errorf("got the channels %+v, want two with %+v", list, want)
	}
}

// wantContent checks the bytes of an answer.
func wantContent(t *testing.T, a *rest.Answer, err error, want []byte) {
	t.Helper()
	must(t, err)
	got, err := io.ReadAll(a)
	must(t, err)
	must(t, a.Close())
	if !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, want %d: %.40q, want %.40q", len(got), len(want), got, want)
	}
}

// A pasted picture is read with its message: with the root, or with a reply.
func TestPictures(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	picture := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, 100_000)...)
	root := st.postAsAnn("", "look", teamsfake.NewFile{Name: "p.png", Data: picture, Image: true})
	reply := st.postAsAnn(root, "and", teamsfake.NewFile{Name: "q.png", Data: picture[:500], Image: true})
	for id, want := range map[string][]byte{root: picture, reply: picture[:500]} {
		a, err := st.client.Picture(st.ctx(), thread(root), id, st.srv.Message(tickets, id).Files[0].ID)
		wantContent(t, a, err, want)
	}
}

// A file is read by its address, if an admin granted the right to read files.
func TestFile(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	content := []byte("%PDF-1.7 bill")
	id := st.postAsAnn("", "see", teamsfake.NewFile{Name: "bill ü.pdf", Data: content})
	m, err := st.client.Message(st.ctx(), thread(id), id)
	must(t, err)
	i := slices.IndexFunc(m.Attachments, func(a graph.Attachment) bool { return a.ContentType == graph.ContentFile })
	if i < 0 || m.Attachments[i].Name != "bill ü.pdf" {
		t.Fatalf("got the attachments %+v, want a file named bill ü.pdf", m.Attachments)
	}
	address := m.Attachments[i].ContentURL
	a, err := st.client.File(st.ctx(), address)
	wantContent(t, a, err, content)
	if _, err = st.client.File(st.ctx(), address+"x"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("of no file: got error %v, want ErrNotFound", err)
	}
	st.srv.Entra.Permit(tenant.PermitMessages)
	if _, err = st.client.File(st.ctx(), address); !errors.Is(err, graph.ErrNotGranted) {
		t.Errorf("without the right to read files: got error %v, want ErrNotGranted", err)
	}
}

// An error tells what isn't granted or isn't there from what fails, and whether and when it may be tried again.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault teamsfake.Fault
		kind  error         // wanted; nil if it is none of ours
		again bool          // wanted
		after time.Duration // wanted
	}{
		"forbidden":                {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"}, kind: graph.ErrNotGranted},
		"not there":                {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound"}, kind: graph.ErrNotFound},
		"wrong":                    {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 400, Code: "BadRequest"}},
		"refused with two tokens":  {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 401, Code: "InvalidAuthenticationToken"}},
		"too many calls":           {fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 17}, again: true, after: 17 * time.Second},
		"too many, without a time": {fault: teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, again: true, after: 10 * time.Second},
		"a fault of Graph's":       {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 502}, again: true},
		"busy":                     {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 503, Code: "serviceNotAvailable", Retry: 9}, again: true, after: 9 * time.Second},
		"cut":                      {fault: teamsfake.Fault{Kind: teamsfake.FaultDrop}, again: true},
		"reset":                    {fault: teamsfake.Fault{Kind: teamsfake.FaultReset}, again: true},
		"unreadable":               {fault: teamsfake.Fault{Kind: teamsfake.FaultGarbage}, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, teamsfake.Options{})
			tt.fault.Method = "graph.*"
			st.srv.Inject(tt.fault)
			_, err := st.client.Messages(st.ctx(), group, tickets, 50, "")
			var e *graph.Error
			if !errors.As(err, &e) {
				t.Fatalf("got error %v, want a *graph.Error", err)
			}
			after, again := graph.Wait(err)
			wantEqual(t, "it may be tried again", again, tt.again)
			wantEqual(t, "when", after, tt.after)
			wantEqual(t, "a token is in the error", strings.Contains(err.Error(), "eyJ"), false)
			for _, kind := range []error{graph.ErrNotGranted, graph.ErrNotFound, graph.ErrAddress} {
				wantEqual(t, "it is "+kind.Error(), errors.Is(err, kind), errors.Is(tt.kind, kind))
			}
		})
	}
}

// A token that is refused is renewed. A permission that was taken away is no refused token.
func TestRevoked(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	_, err := st.client.Messages(st.ctx(), group, tickets, 50, "")
	must(t, err)
	st.srv.Entra.RevokeTokens()
	if _, err := st.client.Messages(st.ctx(), group, tickets, 50, ""); err != nil {
		t.Errorf("with a token that is refused: got error %v, want it to be renewed", err)
	}
	st.srv.Entra.SetRSC(false)
	if _, err := st.client.Messages(st.ctx(), group, tickets, 50, ""); !errors.Is(err, graph.ErrNotGranted) {
		t.Errorf("without the permission: got error %v, want ErrNotGranted", err)
	}
}

// No address that leads elsewhere is called, whoever gave it: Graph, in a page's link to the next one, or an id.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	var called atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	defer foreign.Close()
	st := newStage(t, teamsfake.Options{})
	base := st.srv.GraphURL()
	for _, next := range []string{
		foreign.URL + "/graph/v1.0/teams/x", strings.Replace(base, "http:", "https:", 1) + "/teams/x", strings.Replace(base, "//", "//a@", 1) + "/teams/x",
		strings.Replace(base, "127.0.0.1", "localhost", 1) + "/teams/x", base + "x/teams", base + "/../beta/teams", base + "/%2e%2e/beta", "teams/x", "//" + foreign.URL,
	} {
		_, err := st.client.Messages(st.ctx(), group, tickets, 50, next)
		wantAddressError(t, next, err)
	}
	for _, id := range []string{"", ".", ".."} {
		_, err := st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: id, Root: "1"}, "2")
		wantAddressError(t, "channel "+id, err)
		_, err = st.client.Picture(st.ctx(), thread("1"), "2", id)
		wantAddressError(t, "picture "+id, err)
	}
	wantEqual(t, "calls elsewhere", called.Load(), 0)
	wantEqual(t, "calls of Graph", len(st.srv.Calls("")), 0)
}

// wantAddressError checks that an address was not called, and never will be.
func wantAddressError(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, graph.ErrAddress) {
		t.Errorf("%s: got error %v, want ErrAddress", what, err)
	}
	if _, again := graph.Wait(err); again {
		t.Errorf("%s: it may be tried again, want it never to be", what)
	}
}

func TestAddressesOfGraph(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://graph.example/v1.0", "https://a@graph.example", "ftp://x", "graph.example", "https://x?y=1"} {
		if _, err := graph.New(graph.Options{URL: address}); err == nil {
			t.Errorf("%q is accepted, want an error", address)
		}
	}
}

// Graph redirects to where a file's bytes are. They are read there without our token, and no further redirect is followed.
func TestFileRedirects(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	var target atomic.Pointer[string] // where Graph redirects to
	var wrongCalls atomic.Int32       // of another host, or with the token
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bytes" {
			if r.Header.Get("Authorization") != "" {
				wrongCalls.Add(1)
			}
			_, _ = io.WriteString(w, "bytes")
			return
		}
		http.Redirect(w, r, *target.Load(), http.StatusFound)
	}))
	defer own.Close()
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { wrongCalls.Add(1) }))
	defer foreign.Close()
	client := st.clientAt(own.URL + "/v1.0")
	for address, isFollowed := range map[string]bool{
		own.URL + "/bytes":       true,
		foreign.URL + "/bytes":   false,
		own.URL + "/again":       false,
		"https://evil.example/x": false,
		strings.Replace(own.URL, "//", "//a@", 1) + "/bytes": false,
		"file:///etc/passwd": false,
	} {
		target.Store(&address)
		a, err := client.File(st.ctx(), own.URL+"/sites/x/bill.pdf")
		if err == nil {
			must(t, a.Close())
		}
		wantEqual(t, address+" is followed", err == nil, isFollowed)
	}
	wantEqual(t, "calls of another host, or with the token", wrongCalls.Load(), 0)
}

// An access token says what an admin granted.
func TestRights(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	st.srv.Entra.Permit(tenant.PermitMessages, tenant.PermitFilesRead, "Sites.Selected")
	got, ok, err := st.client.Rights(t.Context())
	must(t, err)
	wantEqual(t, "the rights are known", ok, true)
	if want := (graph.Rights{"Files.Read.All", "Sites.Selected"}); !slices.Equal(got, want) {
		t.Errorf("got the rights %v, want %v", got, want)
	}
	wantEqual(t, "the right to read files", got.Files(), "Files.Read.All")
	wantEqual(t, "sites are named", got.HasNamedSites(), true)
}

// A token that can't be read tells nothing, and without a token nothing is known.
func TestUnknownRights(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	opaque := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"EwBwA8l6BAAU"}`)
	}))
	defer opaque.Close()
	client := func() *graph.Client {
		st.tokens = rest.NewTokens(rest.TokenOptions{LoginURL: opaque.URL, TenantID: "t", AppID: "a", Password: "p",
			Scope: rest.GraphScope(""), Client: st.http, Now: time.Now})
		return st.clientAt(st.srv.GraphURL())
	}
	got, ok, err := client().Rights(t.Context())
	must(t, err)
	if ok || len(got) > 0 {
		t.Errorf("of a token that can't be read: got the rights %v (known: %v), want none", got, ok)
	}
	opaque.Close()
	if _, _, err := client().Rights(t.Context()); !errors.Is(err, rest.ErrToken) {
		t.Errorf("without a token: got error %v, want ErrToken", err)
	}
}
