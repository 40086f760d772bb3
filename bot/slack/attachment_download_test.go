package slack

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// A redirect to a place that isn't Slack's isn't followed. Neither is one to the page for signing in, because it
// looks like a file that is a web page. Only some of the addresses that are followed get the token.
func TestWhereFilesMayMove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target         string // where Slack says that the file is now
		wantFollowed   bool
		wantTokenThere bool
	}{
		// Slack's own places.
		{target: "https://files-origin.slack.com/files-pri/T1-F1/a.txt", wantFollowed: true, wantTokenThere: true},
		{target: "https://slack-files.com/files-pri/T1-F1/plan.pdf?pub", wantFollowed: true},
		{target: "https://a.slack-edge.com/x", wantFollowed: true},
		{target: "http://a.slack-edge.com/x"}, // without TLS

		// Pages for signing in.
		{target: "https://acme.slack.com/?redir=%2Ffiles-pri%2FT1-F1"},
		{target: "https://slack.com/signin"},

		// Other places.
		{target: "https://slack-files.com.evil.test/x"},
		{target: "https://169.254.169.254/latest"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			from := &url.URL{Scheme: "https", Host: "files.slack.com"}
			followed, tokenThere := false, false

			network := roundTrip(func(r *http.Request) *http.Response {
				if r.URL.Host == from.Host {
					if got := r.Header.Get("Authorization"); got != "Bearer xoxb-1" {
						t.Errorf("Slack gets the credentials %q, want the token", got)
					}
					moved := http.Header{"Location": {tt.target}}
					return &http.Response{StatusCode: http.StatusFound, Header: moved, Body: http.NoBody, Request: r}
				}
				followed, tokenThere = true, r.Header.Get("Authorization") != ""
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}
			})

			reader := &Reader{
				HTTP: &http.Client{
					Transport:     network,
					CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
				},
				Token:     "xoxb-1",
				IsTrusted: func(u *url.URL) bool { return strings.HasSuffix(u.Host, ".slack.com") || u.Host == "slack.com" },
			}

			resp, err := reader.download(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}

			if followed != tt.wantFollowed {
				t.Errorf("is followed: got %v, want %v", followed, tt.wantFollowed)
			}
			if tokenThere != tt.wantTokenThere {
				t.Errorf("gets the token: got %v, want %v", tokenThere, tt.wantTokenThere)
			}
		})
	}
}

// If a file is shorter or longer than Slack goes on to say, it was cut. It is tried again.
func TestFileOfAnotherLengthIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, announced := range []int64{4, 6} {
		reader := &Reader{
			HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
				content := "hello"
				return &http.Response{
					StatusCode: http.StatusOK, ContentLength: int64(len(content)), Body: io.NopCloser(strings.NewReader(content)), Request: r,
				}
			})},
			IsTrusted: func(*url.URL) bool { return true },
			Describe: func(_ context.Context, id string) (File, error) {
				return File{ID: id, Size: announced, Mode: "hosted"}, nil
			},
		}
		_, err := reader.Open(t.Context(), bridge.SurfaceFile{ID: "F1", URL: "https://files.slack.com/a.txt", SizeBytes: announced})
		if got := channels.ClassOf(err); got != channels.Retry {
			t.Errorf("%d bytes announced: got the error %v of class %s, want class %s", announced, err, got, channels.Retry)
		}
	}
}

// roundTrip answers requests in place of a network.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
