package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	"parley/channels/fence"
)

const (
	ann     = "aaaaaaaa-0000-4000-8000-000000000001"
	team    = "19:team0000@thread.tacv2"
	group   = "99999999-0000-4000-8000-000000000009"
	tickets = "19:tickets0@thread.tacv2"
)

// stage is a client beside an emulated organisation.
type stage struct {
	t      *testing.T
	srv    *teamsfake.Server
	ann    *teamsfake.Person
	client *graph.Client
	tokens *rest.Tokens
	http   *http.Client
}

func newStage(t *testing.T, o teamsfake.Options) *stage {
	t.Helper()
	o.Users = []teamsfake.User{{ID: ann, Name: "Ann Lee"}}
	o.Teams = []teamsfake.Team{{ID: team, GroupID: group, Name: "Support", Installed: true}}
	o.Channels = []teamsfake.Channel{{ID: tickets, Team: team, Name: "tickets"}}
	st := &stage{t: t, srv: teamsfake.New(o), http: fence.NewClient(fence.Options{Answer: time.Minute})}
	if err := st.srv.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		st.http.CloseIdleConnections()
		if err := st.srv.Close(); err != nil {
			t.Error(err)
		}
	})
	st.ann = st.srv.As(ann)
	st.tokens = rest.NewTokens(rest.TokenOptions{
		LoginURL: st.srv.LoginURL(), TenantID: st.srv.TenantID(), AppID: st.srv.AppID(), Password: st.srv.AppPassword(),
		Scope: rest.GraphScope(""), Client: st.http, Now: time.Now,
	})
	st.client = st.at(st.srv.GraphURL())
	return st
}

func (st *stage) at(address string) *graph.Client {
	st.t.Helper()
	c, err := graph.New(graph.Options{URL: address, Tokens: st.tokens, HTTP: st.http, Now: time.Now})
	if err != nil {
		st.t.Fatal(err)
	}
	return c
}

func (st *stage) ctx() context.Context {
	ctx, cancel := context.WithTimeout(st.t.Context(), time.Minute)
	st.t.Cleanup(cancel)
	return ctx
}

// post writes as Ann and returns the message's id.
func (st *stage) post(root, text string, files ...teamsfake.NewFile) string {
	st.t.Helper()
	id, err := st.ann.Post(teamsfake.Post{Channel: tickets, Root: root, Text: text, Files: files})
	must(st.t, err)
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Every message is found once, however many pages they are on.
func TestPages(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{GraphPage: 3})
	want := map[string]string{} // message: root
	for i := range 7 {
		root := st.post("", fmt.Sprint("root ", i))
		want[root] = ""
		for range i * 10 {
			want[st.post(root, "reply")] = root
		}
	}
	got := map[string]string{}
	take := func(list []graph.Message) {
		for _, m := range list {
			if _, twice := got[m.ID]; twice {
				t.Errorf("%s came twice", m.ID)
			}
			got[m.ID] = m.ReplyToID
		}
	}
	for next, first := "", true; first || next != ""; first = false {
		p, err := st.client.Messages(st.ctx(), group, tickets, 2, next)
		must(t, err)
		for _, m := range p.Value {
			take([]graph.Message{m})
			take(m.Replies)
			for more := m.MoreReplies; more != ""; {
				r, err := st.client.Replies(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: m.ID}, more)
				must(t, err)
				take(r.Value)
				more = r.Next
			}
		}
		next = p.Next
	}
	if len(got) != len(want) {
		t.Errorf("%d of %d messages", len(got), len(want))
	}
	for id, root := range want {
		if r, ok := got[id]; !ok || r != root {
			t.Errorf("%s is in %q (found %v), want %q", id, r, ok, root)
		}
	}
	if n := len(st.srv.Calls("token")); n != 1 {
		t.Errorf("%d tokens", n)
	}
}

// A thread's replies from the first page on, and single messages.
func TestMessage(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	root := st.post("", "hello **there**")
	var ids []string
	for i := range 60 {
		ids = append(ids, st.post(root, fmt.Sprint("reply ", i)))
	}
	must(t, st.ann.Edit(tickets, ids[1], "changed"))
	must(t, st.ann.Delete(tickets, ids[2]))
	p, err := st.client.Replies(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, "")
	must(t, err)
	rest, err := st.client.Replies(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, p.Next)
	must(t, err)
	if len(p.Value) != 50 || len(rest.Value) != 10 || rest.Next != "" {
		t.Errorf("%d and %d replies, then %q", len(p.Value), len(rest.Value), rest.Next)
	}
	m, err := st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, root)
	must(t, err)
	if m.ID != root || m.ReplyToID != "" || m.Type != "message" || m.From.User.ID != ann || !strings.Contains(m.Body.Content, "<strong>there</strong>") || m.CreatedAt.IsZero() {
		t.Errorf("the root is %+v", m)
	}
	m, err = st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, ids[1])
	must(t, err)
	if m.ReplyToID != root || m.EditedAt.IsZero() || !m.DeletedAt.IsZero() || !strings.Contains(m.Body.Content, "changed") {
		t.Errorf("the changed one is %+v", m)
	}
	m, err = st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, ids[2])
	must(t, err)
	if m.DeletedAt.IsZero() {
		t.Errorf("the deleted one is %+v", m)
	}
	_, err = st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, "1")
	if !errors.Is(err, graph.ErrNotFound) {
		t.Error(err)
	}
	list, err := st.client.Channels(st.ctx(), group)
	must(t, err)
	if len(list) != 2 || !slices.Contains(list, graph.Channel{ID: tickets, Name: "tickets", MembershipType: "standard"}) {
		t.Errorf("channels %+v", list)
	}
}

// The bytes of a pasted picture and of a file; the file's come without our token.
func TestFiles(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	picture := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, 100_000)...)
	root := st.post("", "look", teamsfake.NewFile{Name: "p.png", Data: picture, Image: true})
	id := st.post(root, "and", teamsfake.NewFile{Name: "bill ü.pdf", Data: []byte("%PDF-1.7 bill")}, teamsfake.NewFile{Name: "q.png", Data: picture[:500], Image: true})
	read := func(a *rest.Answer, err error) []byte {
		t.Helper()
		must(t, err)
		b, err := io.ReadAll(a)
		must(t, err)
		must(t, a.Close())
		return b
	}
	if got := read(st.client.Picture(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, root, st.srv.Message(tickets, root).Files[0].ID)); !bytes.Equal(got, picture) {
		t.Errorf("%d bytes", len(got))
	}
	if got := read(st.client.Picture(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, id, st.srv.Message(tickets, id).Files[1].ID)); !bytes.Equal(got, picture[:500]) {
		t.Errorf("%d bytes", len(got))
	}
	m, err := st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: root}, id)
	must(t, err)
	i := slices.IndexFunc(m.Attachments, func(a graph.Attachment) bool { return a.ContentType == graph.ContentFile })
	if i < 0 || m.Attachments[i].Name != "bill ü.pdf" {
		t.Fatalf("attachments %+v", m.Attachments)
	}
	if got := read(st.client.File(st.ctx(), m.Attachments[i].ContentURL)); string(got) != "%PDF-1.7 bill" {
		t.Errorf("the file is %q", got)
	}
	_, err = st.client.File(st.ctx(), m.Attachments[i].ContentURL+"x")
	if !errors.Is(err, graph.ErrNotFound) {
		t.Error(err)
	}
	st.srv.Entra.Permit(tenant.PermitMessages)
	_, err = st.client.File(st.ctx(), m.Attachments[i].ContentURL)
	if !errors.Is(err, graph.ErrNotGranted) {
		t.Error(err)
	}
}

// What isn't granted is told from what fails, and what may be tried again from what not.
func TestFailures(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	st.post("", "hello")
	for _, c := range []struct {
		name  string
		fault teamsfake.Fault
		kind  error
		again bool
		after time.Duration
	}{
		{"forbidden", teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"}, graph.ErrNotGranted, false, 0},
		{"missing", teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound"}, graph.ErrNotFound, false, 0},
		{"wrong", teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 400, Code: "BadRequest"}, nil, false, 0},
		{"refused twice", teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 401, Code: "InvalidAuthenticationToken"}, nil, false, 0},
		{"slow down", teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 17}, nil, true, 17 * time.Second},
		{"slow down, unsaid", teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, nil, true, 10 * time.Second},
		{"stumbles", teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 502}, nil, true, 0},
		{"busy", teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 503, Code: "serviceNotAvailable", Retry: 9}, nil, true, 9 * time.Second},
		{"cut", teamsfake.Fault{Kind: teamsfake.FaultDrop}, nil, true, 0},
		{"reset", teamsfake.Fault{Kind: teamsfake.FaultReset}, nil, true, 0},
		{"garbage", teamsfake.Fault{Kind: teamsfake.FaultGarbage}, nil, true, 0},
	} {
		c.fault.Method = "graph.*"
		st.srv.ClearFaults()
		st.srv.Inject(c.fault)
		_, err := st.client.Messages(st.ctx(), group, tickets, 50, "")
		after, again := graph.Wait(err)
		var e *graph.Error
		if !errors.As(err, &e) || again != c.again || after != c.after || strings.Contains(err.Error(), "eyJ") {
			t.Errorf("%s: again %v after %v: %v", c.name, again, after, err)
		}
		for _, kind := range []error{graph.ErrNotGranted, graph.ErrNotFound, graph.ErrAddress} {
			if errors.Is(err, kind) != errors.Is(c.kind, kind) {
				t.Errorf("%s: is %v: %v", c.name, kind, err)
			}
		}
	}
}

// A refused token is renewed; a permission that was taken away is not a refused token.
func TestRevoked(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	_, err := st.client.Messages(st.ctx(), group, tickets, 50, "")
	must(t, err)
	st.srv.Entra.RevokeTokens()
	if _, err := st.client.Messages(st.ctx(), group, tickets, 50, ""); err != nil {
		t.Error("a refused token isn't renewed:", err)
	}
	st.srv.Entra.SetRSC(false)
	if _, err := st.client.Messages(st.ctx(), group, tickets, 50, ""); !errors.Is(err, graph.ErrNotGranted) {
		t.Error(err)
	}
}

// An address that leads elsewhere isn't called, whoever gave it.
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
		if _, again := graph.Wait(err); !errors.Is(err, graph.ErrAddress) || again {
			t.Errorf("%q: %v", next, err)
		}
	}
	for _, id := range []string{"", ".", ".."} {
		if _, err := st.client.Message(st.ctx(), graph.Thread{Group: group, Channel: id, Root: "1"}, "2"); !errors.Is(err, graph.ErrAddress) {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := st.client.Picture(st.ctx(), graph.Thread{Group: group, Channel: tickets, Root: "1"}, "2", id); !errors.Is(err, graph.ErrAddress) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if n := len(st.srv.Calls("")); called.Load() != 0 || n != 0 {
		t.Errorf("%d calls elsewhere, %d here", called.Load(), n)
	}
	for _, address := range []string{"http://graph.example/v1.0", "https://a@graph.example", "ftp://x", "graph.example", "https://x?y=1"} {
		if _, err := graph.New(graph.Options{URL: address}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

// A file's bytes are read where the file is, without our token, and no further.
func TestFileRedirects(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	var target atomic.Pointer[string]
	var with atomic.Int32
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bytes" {
			if r.Header.Get("Authorization") != "" {
				with.Add(1)
			}
			_, _ = io.WriteString(w, "bytes")
			return
		}
		http.Redirect(w, r, *target.Load(), http.StatusFound)
	}))
	defer own.Close()
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { with.Add(1) }))
	defer foreign.Close()
	client := st.at(own.URL + "/v1.0")
	for to, ok := range map[string]bool{
		own.URL + "/bytes": true, foreign.URL + "/bytes": false, own.URL + "/again": false, "https://evil.example/x": false,
		strings.Replace(own.URL, "//", "//a@", 1) + "/bytes": false, "file:///etc/passwd": false,
	} {
		target.Store(&to)
		a, err := client.File(st.ctx(), own.URL+"/sites/x/bill.pdf")
		if (err == nil) != ok {
			t.Errorf("%q: %v", to, err)
		}
		if err == nil {
			must(t, a.Close())
		}
	}
	if with.Load() != 0 {
		t.Error("the token went to the file's host, or another host was called")
	}
}

// TestRights: what an admin granted is in the token; one that can't be read tells nothing.
func TestRights(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	st.srv.Entra.Permit(tenant.PermitMessages, tenant.PermitFilesRead, "Sites.Selected")
	got, ok, err := st.client.Rights(t.Context())
	if !ok || err != nil || !slices.Equal(got, graph.Rights{"Files.Read.All", "Sites.Selected"}) || got.Files() != "Files.Read.All" || !got.HasNamedSites() {
		t.Errorf("rights %v, %v, %v", got, ok, err)
	}
	opaque := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"EwBwA8l6BAAU"}`)
	}))
	defer opaque.Close()
	st.tokens = rest.NewTokens(rest.TokenOptions{LoginURL: opaque.URL, TenantID: "t", AppID: "a", Password: "p", Scope: rest.GraphScope(""), Client: st.http, Now: time.Now})
	if got, ok, err := st.at(st.srv.GraphURL()).Rights(t.Context()); ok || err != nil || len(got) > 0 {
		t.Errorf("of a token that can't be read: %v, %v, %v", got, ok, err)
	}
	opaque.Close()
	st.tokens = rest.NewTokens(rest.TokenOptions{LoginURL: opaque.URL, TenantID: "t", AppID: "a", Password: "p", Scope: rest.GraphScope(""), Client: st.http, Now: time.Now})
	if _, _, err := st.at(st.srv.GraphURL()).Rights(t.Context()); !errors.Is(err, rest.ErrToken) {
		t.Errorf("without a token: %v", err)
	}
}
