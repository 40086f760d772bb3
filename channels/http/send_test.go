package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/channels"
	parleyhttp "parley/channels/http"
	"parley/channels/http/httpfake"
)

func content(name string, body []byte) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(body)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
		Link: func() (string, error) { return "", errors.New("no public address") }}
}

func linked(name, link string) channels.File {
	f := content(name, []byte("never read"))
	f.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("it was read") }
	f.Link = func() (string, error) { return link, nil }
	return f
}

// riches are rich messages with n choices each.
func riches(n int) []channels.Rich {
	var buttons []channels.Button
	var rows []channels.ListRow
	var cards []channels.RichCard
	for i := range n {
		buttons = append(buttons, channels.Button{ID: fmt.Sprint(i), Title: "B"})
		rows = append(rows, channels.ListRow{ID: fmt.Sprint(i), Title: "R"})
		cards = append(cards, channels.RichCard{Title: "C", Buttons: buttons[:1]})
	}
	return []channels.Rich{{Buttons: buttons}, {List: &channels.List{Button: "Open", Sections: []channels.ListSection{{Rows: rows}}}}, {Cards: cards},
		{Location: &channels.Location{Latitude: 1, Longitude: 2}}, {Contact: &channels.ContactCard{Name: "Ann"}}}
}

// TestAnswers: each answer of the callback has its published meaning.
func TestAnswers(t *testing.T) {
	t.Parallel()
	date := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status     int
		retryAfter string
		body       string
		class      channels.Class // "" = sent
		id         string         // "" = the token
		text       string
	}{
		{200, "", `{"id":"x-1"}`, "", "x-1", ""}, {201, "", ``, "", "", ""}, {204, "", ``, "", "", ""}, {202, "", `thanks`, "", "", ""}, {200, "", `{"id":" x"}`, "", "", ""},
		{409, "", `{"id":"x-1"}`, "", "x-1", ""}, {409, "", ``, "", "", ""},
		{429, "5", ``, channels.Throttled, "", "wait"}, {429, "", ``, channels.Throttled, "", "wait"}, {503, date, ``, channels.Throttled, "", "wait"},
		{503, "", ``, channels.Ambiguous, "", "stumbled"}, {500, "", ``, channels.Ambiguous, "", "stumbled"}, {504, "", ``, channels.Ambiguous, "", ""},
		{400, "", `{"error":"no\n such  field"}`, channels.BadContent, "", `It says: "no such field"`}, {413, "", ``, channels.BadContent, "", "413"}, {418, "", `x`, channels.BadContent, "", ""},
		{401, "", ``, channels.AuthBroken, "", "signature"}, {403, "", ``, channels.AuthBroken, "", "signature"}, {404, "", ``, channels.AuthBroken, "", "callback_url"},
		{405, "", ``, channels.AuthBroken, "", ""}, {302, "", ``, channels.AuthBroken, "", "redirects"}, {408, "", ``, channels.Retry, "", ""}, {410, "", ``, channels.BadRecipient, "", "no such customer"},
	} {
		calls := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls++
			if r.Header.Get("Idempotency-Key") == "" || r.URL.Query().Get("tenant") != "1" {
				t.Errorf("%s with %v", r.URL, r.Header)
			}
			if c.retryAfter != "" {
				w.Header().Set("Retry-After", c.retryAfter)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		ch, err := parleyhttp.Spec().New(channels.Account{Config: config(srv.URL)}, channels.Env{})
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := ch.Send(t.Context(), outbound(1, "x"))
		srv.Close()
		var se *channels.SendError
		switch {
		case calls != 1:
			t.Errorf("%d: called %d times", c.status, calls)
		case c.class == "":
			if err != nil || receipt.State != channels.StateAccepted || c.id != "" && receipt.ExternalID != c.id || c.id == "" && !strings.HasPrefix(receipt.ExternalID, "p1.101.") {
				t.Errorf("%d %s: %+v, %v", c.status, c.body, receipt, err)
			}
		case !errors.As(err, &se) || se.Class != c.class || !strings.Contains(se.Text, c.text):
			t.Errorf("%d %s: %v, want %s", c.status, c.body, err, c.class)
		case c.class == channels.Throttled && (se.Wait < time.Second || se.Wait > 30*time.Second):
			t.Errorf("%d %s: waits %s", c.status, c.retryAfter, se.Wait)
		}
	}
}

// dialer fails with an error, or stands for net.Dialer.
type dialer struct{ err error }

// DialContext implements channels.Dialer.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.err != nil {
		return nil, &net.OpError{Op: "dial", Err: d.err}
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// What never left is certain; a callback in the own network needs a person.
func TestUnreached(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		class channels.Class
	}{{errors.New("connection refused"), channels.Retry}, {channels.ErrPrivateAddress, channels.AuthBroken}} {
		w := newWorld(t, func(e *channels.Env) { e.Dialer = dialer{c.err} })
		if _, err := w.channel.Send(t.Context(), outbound(1, "x")); channels.ClassOf(err) != c.class {
			t.Errorf("%v: %v", c.err, err)
		}
		if outcome, _, err := w.channel.Reconcile(t.Context(), outbound(1, "x")); outcome != channels.CannotTell || err == nil || strings.Contains(err.Error(), "tenant") {
			t.Errorf("%v: reconciled %v, %v", c.err, outcome, err)
		}
		if f := w.channel.(channels.Checker).Check(t.Context()); f[1].OK || f[1].Hint == "" {
			t.Errorf("%v: checked %+v", c.err, f)
		}
	}
}

// A server that doesn't know our question is no proof that a message isn't there.
func TestBare404(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	ch, err := parleyhttp.Spec().New(channels.Account{Config: config(srv.URL)}, channels.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, _, err := ch.Reconcile(t.Context(), outbound(1, "x")); outcome != channels.CannotTell || err != nil {
		t.Errorf("%v, %v", outcome, err)
	}
	if f := ch.(channels.Checker).Check(t.Context()); !f[1].OK || !strings.Contains(f[1].Text, "a person decides") {
		t.Errorf("checked %+v", f)
	}
	w := newWorld(t, nil)
	if f := w.channel.(channels.Checker).Check(t.Context()); !f[1].OK || !strings.Contains(f[1].Text, "can be asked") || len(w.shop.Got()) != 0 {
		t.Errorf("checked %+v", f)
	}
	w.shop = httpfake.New("another secret, long", time.Now)
	other := httptest.NewServer(w.shop)
	defer other.Close()
	if ch, err = parleyhttp.Spec().New(channels.Account{Config: config(other.URL)}, channels.Env{}); err != nil {
		t.Fatal(err)
	}
	if f := ch.(channels.Checker).Check(t.Context()); f[1].OK || !strings.Contains(f[1].Text, "signature") {
		t.Errorf("checked %+v", f)
	}
}

// A callback that says of every message that it has it proves nothing, and doctor says so.
func TestSaysYesToEverything(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id": "shop", "ok": true}`) }))
	defer srv.Close()
	ch, err := parleyhttp.Spec().New(channels.Account{Config: config(srv.URL)}, channels.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, _, err := ch.Reconcile(t.Context(), outbound(1, "x")); outcome != channels.CannotTell || err != nil {
		t.Errorf("%v, %v", outcome, err)
	}
	if f := ch.(channels.Checker).Check(t.Context()); f[1].OK || !strings.Contains(f[1].Text, "doesn't exist") || f[1].Hint == "" {
		t.Errorf("checked %+v", f)
	}
}

// Files go as addresses, or inside where there is no public address, up to a megabyte.
func TestFiles(t *testing.T) {
	t.Parallel()
	attachments := func(w *world) string {
		var m struct{ Attachments json.RawMessage }
		if err := json.Unmarshal(w.shop.Got()[0].Body, &m); err != nil {
			t.Fatal(err)
		}
		return string(m.Attachments)
	}
	public := newWorld(t, func(e *channels.Env) { e.HookURL = "https://help.test/hooks/shop" })
	o := outbound(1, "x")
	o.Files = []channels.File{linked("a.txt", "https://help.test/files/f.1"), linked("b.txt", "https://help.test/files/f.2")}
	if _, err := public.channel.Send(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := attachments(public); got != `[{"name":"a.txt","type":"text/plain","size":10,"url":"https://help.test/files/f.1"},{"name":"b.txt","type":"text/plain","size":10,"url":"https://help.test/files/f.2"}]` {
		t.Error(got)
	}
	w := newWorld(t, nil)
	o.Files = []channels.File{content("a.txt", []byte("hello"))}
	if _, err := w.channel.Send(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := attachments(w); got != `[{"name":"a.txt","type":"text/plain","size":5,"content":"aGVsbG8="}]` {
		t.Error(got)
	}
	half := make([]byte, 600<<10)
	o.Files = []channels.File{content("a.txt", half), content("b.txt", half)}
	if _, err := w.channel.Send(t.Context(), o); channels.ClassOf(err) != channels.BadContent || !strings.Contains(err.Error(), "PARLEY_PUBLIC_URL") && !strings.Contains(err.Error(), "public address") {
		t.Errorf("too large: %v", err)
	}
	large := linked("c.bin", "https://help.test/files/f.3")
	large.SizeBytes = 101 << 20
	o.Files = []channels.File{large}
	if _, err := public.channel.Send(t.Context(), o); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("too large: %v", err)
	}
	if len(w.shop.Got()) != 1 || len(public.shop.Got()) != 1 {
		t.Error("something refused was sent")
	}
}

// A customer's file is fetched from https, or from beside a callback of the own network;
// from nowhere else.
func TestFetch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.shop.PutFile("box.txt", &httpfake.File{Type: "text/plain", Content: []byte("a box")})
	fetcher := w.channel.(channels.Fetcher)
	f, err := fetcher.Fetch(t.Context(), w.base+"/files/box.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f.Body)
	if err != nil || string(got) != "a box" || f.ContentType != "text/plain" || f.Body.Close() != nil {
		t.Errorf("%q %s %v", got, f.ContentType, err)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was called", r.URL)
	}))
	defer elsewhere.Close()
	for name, c := range map[string]struct {
		ref   string
		class channels.Class
	}{
		"gone": {w.base + "/files/none", channels.BadContent}, "elsewhere": {elsewhere.URL + "/x", channels.BadContent}, "a file": {"file:///etc/passwd", channels.BadContent},
		"a user": {"https://u:p@x.test/", channels.BadContent}, "nothing": {"", channels.BadContent},
	} {
		if _, err := fetcher.Fetch(t.Context(), c.ref); channels.ClassOf(err) != c.class {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fetchFrom asks a server of the test's for a file.
func fetchFrom(t *testing.T, h http.HandlerFunc) (channels.Fetched, error) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	ch, err := parleyhttp.Spec().New(channels.Account{Config: config(srv.URL)}, channels.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return ch.(channels.Fetcher).Fetch(t.Context(), srv.URL+"/file")
}

func TestFetchTrouble(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class  channels.Class
		answer http.HandlerFunc
	}{
		"busy":      {channels.Retry, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }},
		"stumbles":  {channels.Retry, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }},
		"forbidden": {channels.BadContent, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		"too large": {channels.BadContent, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "999999999")
			w.WriteHeader(200)
		}},
		"breaks off": {channels.Retry, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"circles":    {channels.BadContent, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }},
		"leads inside": {channels.BadContent, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}},
	} {
		if _, err := fetchFrom(t, c.answer); channels.ClassOf(err) != c.class {
			t.Errorf("%s: %v", name, err)
		}
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<20)
		for range 102 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	f, err := fetchFrom(t, endless)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(io.Discard, f.Body); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("endless: %v", err)
	}
	_ = f.Body.Close()
}
