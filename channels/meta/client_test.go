package meta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// serve starts a server and a client on it.
func serve(t *testing.T, h http.HandlerFunc) (*graphClient, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := newClient(clientOptions{BaseURL: s.URL + "/", Token: "T0KEN"})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func TestCall(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := `{"a":"b"}`
		wantEqual(t, "address", r.URL.String(), "/v26.0/1055/messages?x=1")
		wantEqual(t, "body", string(body), want)
		wantEqual(t, "length", r.ContentLength, int64(len(want)))
		wantEqual(t, "Authorization", r.Header.Get("Authorization"), "Bearer T0KEN")
		wantEqual(t, "Content-Type", r.Header.Get("Content-Type"), "application/json")
		_, _ = io.WriteString(w, `{"id":"7"}`)
	})
	var out struct{ ID string }
	if err := c.Call(t.Context(), http.MethodPost, "1055/messages", url.Values{"x": {"1"}}, map[string]string{"a": "b"}, &out); err != nil {
		t.Error(err)
	}
	wantEqual(t, "answer", out.ID, "7")
}

func TestUpload(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil || r.ContentLength < 0 {
			t.Errorf("reading the form: %v, length %d, want a form of a known length", err, r.ContentLength)
			return
		}
		f, h, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(f)
		wantEqual(t, "name", h.Filename, "ü \"q\".txt")
		wantEqual(t, "content", string(content), "hello")
		wantEqual(t, "field type", r.FormValue("type"), "text/plain")
		wantEqual(t, "Content-Type", h.Header.Get("Content-Type"), "text/plain")
		_, _ = io.WriteString(w, `{"id":"7"}`)
	})

	for _, f := range []uploadFile{
		{Name: "ü \"q\".txt", ContentType: "text/plain", Content: []byte("hello")},
		{Name: "ü \"q\".txt", ContentType: "text/plain", Body: strings.NewReader("hello"), SizeBytes: 5},
	} {
		var out struct{ ID string }
		if err := c.Upload(t.Context(), "1055/media", map[string]string{"type": "text/plain"}, f, &out); err != nil {
			t.Error(err)
		}
		wantEqual(t, "answer", out.ID, "7")
	}
}

// Call returns an error that says whether the call certainly had no effect, with Graph's code and words.
func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status       int
		body         string
		header       http.Header
		certain      bool
		code, sub    int
		coded        bool
		words        string
		retry        time.Duration
		brokenAnswer bool
	}{
		"refused": {status: 400, certain: true, coded: true, code: 131009, words: "Too long.",
			body: `{"error":{"message":"(#131009) Parameter value is not valid","type":"OAuthException","code":131009,` +
				`"error_data":{"details":"Too long."}}}`},
		"subcode": {status: 401, certain: true, coded: true, code: 190, sub: 460, words: "Gone",
			body: `{"error":{"message":"Gone","type":"OAuthException","code":190,"error_subcode":460}}`},
		"code as a text": {status: 400, certain: true, coded: true, code: 10, sub: 2018278, words: "No",
			body: `{"error":{"message":"No","code":"10","error_subcode":"2018278"}}`},
		"unreadable code":  {status: 400, certain: true, body: `{"error":{"message":"No","code":"ten"}}`, words: "Bad Request"},
		"code zero":        {status: 400, certain: true, coded: true, words: "Auth", body: `{"error":{"message":"Auth","code":0}}`},
		"coded 500":        {status: 500, certain: true, coded: true, code: 2, words: "Later", body: `{"error":{"message":"Later","code":2}}`},
		"gateway":          {status: 502, body: "<html>"},
		"gateway in JSON":  {status: 502, body: `{"status":"down"}`},
		"json without one": {status: 500, body: `{"error":"?"}`},
		"page of a wall":   {status: 403, certain: true, body: "<html>", words: "Forbidden"},
		"too many": {status: 429, certain: true, body: "", header: http.Header{"Retry-After": {"1.5"}}, words: "Too Many Requests",
			retry: 1500 * time.Millisecond},
		"elsewhere":      {status: 302, header: http.Header{"Location": {"https://evil.test/"}}},
		"half an answer": {status: 200, body: `{"id":`, brokenAnswer: true},
	} {
		client, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range c.header {
				w.Header()[k] = v
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})

		var out struct{ ID string }
		err := client.Call(t.Context(), http.MethodPost, "1/x", nil, nil, &out)
		if err == nil {
			t.Errorf("%s: the call succeeded, want an error", name)
		}
		wantEqual(t, name+": it certainly had no effect", hadNoEffect(err), c.certain)

		var e *graphError
		if !errors.As(err, &e) {
			if !c.brokenAnswer {
				t.Errorf("%s: got %v, want an *Error", name, err)
			}
			continue
		}
		wantEqual(t, name+": it has a code", e.HasCode, c.coded)
		wantEqual(t, name+": code", e.Code, c.code)
		wantEqual(t, name+": subcode", e.Subcode, c.sub)
		wantEqual(t, name+": wait", e.RetryAfter, c.retry)
		if c.words != "" {
			wantEqual(t, name+": words", e.Words(), c.words)
		}
	}
}

// A call that could not connect had no effect, nor one whose context was over before.
func TestNeverLeft(t *testing.T) {
	t.Parallel()
	c, err := newClient(clientOptions{BaseURL: "http://127.0.0.1:1"}) // a port that is never given to another test
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Call(t.Context(), http.MethodPost, "1/x", nil, nil, nil); err == nil || !hadNoEffect(err) {
		t.Errorf("nobody there: got %v, want an error that certainly had no effect", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Call(over, http.MethodPost, "1/x", nil, nil, nil); err == nil || !hadNoEffect(err) {
		t.Errorf("too late: got %v, want an error that certainly had no effect", err)
	}
}

// If the answer was lost, the call may have had an effect.
func TestLost(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := c.Call(t.Context(), http.MethodPost, "1/x", nil, map[string]int{"a": 1}, nil); err == nil || hadNoEffect(err) {
		t.Errorf("a lost answer: got %v, want an error that may have had an effect", err)
	}
}

// An app has one subscription for each kind of object, with fields of its own.
func TestSubscription(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":[{"object":"page","callback_url":"https://a.test/1","fields":[{"name":"feed"}]},
			{"object":"user","callback_url":"https://a.test/2","fields":[{"name":"messages"},{"name":"name"}]}]}`)
	})
	for object, want := range map[string]string{"page": "https://a.test/1", "user": "https://a.test/2", "whatsapp_business_account": ""} {
		s, err := c.AppOf("1", "Acme", "secret").Subscription(t.Context(), object)
		if err != nil {
			t.Error(err)
		}
		wantEqual(t, "callback of "+object, s.Callback, want)
		wantEqual(t, "messages are told for "+object, s.HasFields("messages"), object == "user")
		wantEqual(t, "feed and messages are told for "+object, s.HasFields("feed", "messages"), false)
	}
}

// callbackFor keeps an address of this Parley, unless it belongs to no account. It replaces all other addresses.
func TestCallback(t *testing.T) {
	t.Parallel()
	const ours = "https://parley.test/hooks/ours"
	for _, c := range []struct {
		now      string
		accounts []string
		want     string
	}{
		{now: "", want: ours},
		{now: "https://other.test/hooks/ours", want: ours},
		{now: "https://parley.test/hooks/other", accounts: []string{"ours", "other"}, want: "https://parley.test/hooks/other"},
		{now: "https://parley.test/hooks/other", accounts: []string{"ours"}, want: ours},
		{now: "https://parley.test/hooks/other", want: "https://parley.test/hooks/other"}, // the accounts aren't known
	} {
		wantEqual(t, "instead of "+c.now, callbackFor(c.now, channels.Env{HookURL: ours, Accounts: c.accounts}), c.want)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer T0KEN" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush() //nolint:forcetypeassert // of httptest
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
	})

	read := func(path string, most int64) (int, error) {
		d, err := c.Download(t.Context(), s.URL+path, true, most)
		if err != nil {
			return 0, err
		}
		defer d.Body.Close()
		b, err := io.ReadAll(d.Body)
		return len(b), err
	}

	for path, want := range map[string]struct {
		most int64
		n    int
		err  error
	}{
		"/file":     {most: 1000, n: 1000},
		"/file?x=1": {most: 999, n: 0, err: errTooLarge}, // known before a byte is read
		"/chunked":  {most: 1000, n: 1000},
		"/chunked?": {most: 999, n: 999, err: errTooLarge},
	} {
		n, err := read(path, want.most)
		wantEqual(t, path+": bytes", n, want.n)
		if !errors.Is(err, want.err) {
			t.Errorf("%s: got the error %v, want %v", path, err, want.err)
		}
	}

	var refused *graphError
	if _, err := read("/gone", 10); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("gone: got %v, want an *Error with the status 404", err)
	}
}

// The token is sent only to Graph itself and to the hosts of files.
func TestForeignHosts(t *testing.T) {
	t.Parallel()
	c, err := newClient(clientOptions{MediaHosts: []string{"lookaside.fbsbx.com", ".fbcdn.net"}})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1": true,
		"https://lookaside.fbsbx.com:443/x":                                true,
		"https://video.xx.fbcdn.net/x":                                     true,
		"https://graph.facebook.com/x":                                     true,
		"http://lookaside.fbsbx.com/x":                                     false,
		"https://lookaside.fbsbx.com:8443/x":                               false,
		"https://lookaside.fbsbx.com.evil.test/x":                          false,
		"https://fbcdn.net/x":                                              false,
		"https://evilfbcdn.net/x":                                          false,
		"https://user@lookaside.fbsbx.com/x":                               false,
		"https://169.254.169.254/latest":                                   false,
		"file:///etc/passwd":                                               false,
		"":                                                                 false,
	} {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.mayCall(u); got != want {
			t.Errorf("%q: %v", at, got)
		}
	}
}
