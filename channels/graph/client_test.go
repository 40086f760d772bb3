package graph

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
)

// serve starts a server and a client on it.
func serve(t *testing.T, h http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := New(Options{BaseURL: s.URL + "/", Token: "T0KEN"})
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
		if r.URL.Path != "/v26.0/1055/messages" || r.URL.RawQuery != "x=1" || string(body) != want || r.ContentLength != int64(len(want)) ||
			r.Header.Get("Authorization") != "Bearer T0KEN" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %q %v", r.Method, r.URL, body, r.Header)
		}
		_, _ = io.WriteString(w, `{"id":"7"}`)
	})
	var out struct{ ID string }
	if err := c.Call(t.Context(), http.MethodPost, "1055/messages", url.Values{"x": {"1"}}, map[string]string{"a": "b"}, &out); err != nil || out.ID != "7" {
		t.Errorf("%v, %+v", err, out)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil || r.ContentLength < 0 {
			t.Errorf("%v, length %d", err, r.ContentLength)
			return
		}
		f, h, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(f)
		if h.Filename != "ü \"q\".txt" || string(content) != "hello" || r.FormValue("type") != "text/plain" || h.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%q %q %v", h.Filename, content, h.Header)
		}
		_, _ = io.WriteString(w, `{"id":"7"}`)
	})
	for _, f := range []File{
		{Name: "ü \"q\".txt", ContentType: "text/plain", Content: []byte("hello")},
		{Name: "ü \"q\".txt", ContentType: "text/plain", Body: strings.NewReader("hello"), SizeBytes: 5},
	} {
		var out struct{ ID string }
		if err := c.Upload(t.Context(), "1055/media", map[string]string{"type": "text/plain"}, f, &out); err != nil || out.ID != "7" {
			t.Errorf("%v, %+v", err, out)
		}
	}
}

// TestUploadShort: a file that is shorter than it says never becomes a whole form.
func TestUploadShort(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err == nil {
			t.Errorf("the form is whole: %v", r.MultipartForm.File)
		}
	})
	short := File{Name: "x", ContentType: "text/plain", Body: strings.NewReader("hell"), SizeBytes: 5}
	if err := c.Upload(t.Context(), "1055/media", nil, short, nil); err == nil {
		t.Error("a file that is shorter than it says was taken")
	}
}

// TestErrors: what was refused, what may have had its effect, and in which words.
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
			body: `{"error":{"message":"(#131009) Parameter value is not valid","type":"OAuthException","code":131009,"error_data":{"details":"Too long."}}}`},
		"subcode": {status: 401, certain: true, coded: true, code: 190, sub: 460, words: "Gone",
			body: `{"error":{"message":"Gone","type":"OAuthException","code":190,"error_subcode":460}}`},
		"code zero":        {status: 400, certain: true, coded: true, words: "Auth", body: `{"error":{"message":"Auth","code":0}}`},
		"coded 500":        {status: 500, certain: true, coded: true, code: 2, words: "Later", body: `{"error":{"message":"Later","code":2}}`},
		"gateway":          {status: 502, body: "<html>"},
		"json without one": {status: 500, body: `{"error":"?"}`},
		"page of a wall":   {status: 403, certain: true, body: "<html>", words: "Forbidden"},
		"too many":         {status: 429, certain: true, body: "", header: http.Header{"Retry-After": {"1.5"}}, words: "Too Many Requests", retry: 1500 * time.Millisecond},
		"elsewhere":        {status: 302, header: http.Header{"Location": {"https://evil.test/"}}},
		"half an answer":   {status: 200, body: `{"id":`, brokenAnswer: true},
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
		if err == nil || HadNoEffect(err) != c.certain {
			t.Errorf("%s: %v, certain %v", name, err, HadNoEffect(err))
		}
		var e *Error
		if !errors.As(err, &e) {
			if !c.brokenAnswer {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if e.Coded != c.coded || e.Code != c.code || e.Subcode != c.sub || e.RetryAfter != c.retry || c.words != "" && e.Words() != c.words {
			t.Errorf("%s: %+v, %q", name, e, e.Words())
		}
	}
}

// TestNeverLeft: a connection that was never made had no effect.
func TestNeverLeft(t *testing.T) {
	t.Parallel()
	c, err := New(Options{BaseURL: "http://127.0.0.1:1"}) // a port that is never given to another test
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Call(t.Context(), http.MethodPost, "1/x", nil, nil, nil); err == nil || !HadNoEffect(err) {
		t.Errorf("%v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Call(over, http.MethodPost, "1/x", nil, nil, nil); err == nil || !HadNoEffect(err) {
		t.Errorf("too late: %v", err)
	}
}

// TestLost: an answer that never came may follow an effect.
func TestLost(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := c.Call(t.Context(), http.MethodPost, "1/x", nil, map[string]int{"a": 1}, nil); err == nil || HadNoEffect(err) {
		t.Errorf("%v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{BaseURL: "graph.facebook.com"}, {BaseURL: "ftp://x"}, {Version: "26.0"}, {Version: "v26"}, {Version: "v26.0/../x"}, {Version: "va.b"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
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
	}{"/file": {1000, 1000, nil}, "/file?x=1": {999, 0, ErrTooLarge}, "/chunked": {1000, 1000, nil}, "/chunked?": {999, 999, ErrTooLarge}} {
		if n, err := read(path, want.most); n != want.n || !errors.Is(err, want.err) {
			t.Errorf("%s: %d, %v", path, n, err)
		}
	}
	var refused *Error
	if _, err := read("/gone", 10); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("gone: %v", err)
	}
}

// TestForeignHosts: the token travels to hosts of files only.
func TestForeignHosts(t *testing.T) {
	t.Parallel()
	c, err := New(Options{MediaHosts: []string{"lookaside.fbsbx.com", ".fbcdn.net"}})
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
