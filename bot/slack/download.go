package slack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
)

// errFile is the root of what Open returns.
var errFile = errors.New("slack: file")

// Open implements bridge.Surface. The token goes to Slack's own hosts only, redirects are
// not followed, and a login page in place of the file is an error.
func (s *Surface) Open(ctx context.Context, f bridge.SurfaceFile) (content io.ReadCloser, err error) {
	if f.Unavailable != "" {
		return nil, fmt.Errorf("%w: %s", errFile, f.Unavailable)
	}
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer func() {
		if err != nil {
			cancel()
		}
	}()
	if f.URL == "" {
		if f, err = s.fileInfo(ctx, f); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(f.URL)
	if err != nil || !s.ownHost(u) {
		return nil, fmt.Errorf("%w: not at Slack", errFile)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}
	r.Header.Set("Authorization", "Bearer "+s.opt.BotToken)
	resp, err := s.http.Do(r) //nolint:bodyclose // closed by what is returned, or below
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}
	most := int64(maxFileBytes)
	if f.SizeBytes > 0 {
		most = min(most, f.SizeBytes)
	}
	buffered := bufio.NewReader(resp.Body)
	if err := checkDownload(resp, buffered, f); err != nil {
		resp.Body.Close() //nolint:errcheck // refused already
		return nil, err
	}
	return &limitedReader{Reader: buffered, left: most, close: func() error { defer cancel(); return resp.Body.Close() }}, nil
}

// checkDownload tells a file from a page that asks to sign in.
func checkDownload(resp *http.Response, body *bufio.Reader, f bridge.SurfaceFile) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: Slack answers %d", errFile, resp.StatusCode)
	}
	if f.SizeBytes > 0 && resp.ContentLength >= 0 && resp.ContentLength != f.SizeBytes {
		return fmt.Errorf("%w: %s instead of %s", errFile, sizeText(resp.ContentLength), sizeText(f.SizeBytes))
	}
	if strings.Contains(f.ContentType, "html") {
		return nil
	}
	head, _ := body.Peek(512) //nolint:errcheck // a short file is fine
	if strings.HasPrefix(http.DetectContentType(head), "text/html") && !strings.HasPrefix(f.ContentType, "text/") {
		return fmt.Errorf("%w: a web page instead of the file", errFile)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return fmt.Errorf("%w: a web page instead of the file", errFile)
	}
	return nil
}

// ownHost tells Slack's hosts, and that of a configured API exactly, where the token may go.
func (s *Surface) ownHost(u *url.URL) bool {
	if u.Scheme == s.apiURL.Scheme && u.Host == s.apiURL.Host {
		return true
	}
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Host)
	for _, own := range []string{"slack.com", "slack-gov.com"} {
		if host == own || strings.HasSuffix(host, "."+own) {
			return true
		}
	}
	return false
}

// fileInfo asks for what an event left out of a file.
func (s *Surface) fileInfo(ctx context.Context, f bridge.SurfaceFile) (bridge.SurfaceFile, error) {
	var info *slackapi.File
	err := s.patient(ctx, func(ctx context.Context) error {
		var err error
		info, _, _, err = s.api.GetFileInfoContext(ctx, f.ID, 0, 0)
		return err
	})
	if err != nil {
		return f, fmt.Errorf("%w: files.info: %w", errFile, err)
	}
	full := surfaceFiles([]file{{
		ID: info.ID, Name: info.Name, Title: info.Title, Mimetype: info.Mimetype, Size: int64(info.Size), Mode: info.Mode,
		IsExternal: info.IsExternal, Private: info.URLPrivate, Download: info.URLPrivateDownload,
	}})[0]
	if full.Unavailable != "" {
		return f, fmt.Errorf("%w: %s", errFile, full.Unavailable)
	}
	return full, nil
}
