package attachment

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"parley/bridge"
)

// maxHops is how many redirects to a file's bytes are followed.
const maxHops = 3

// download requests a file, and follows up to maxHops redirects to other hosts of Slack's. In an Enterprise
// organisation the bytes are at another host, which wants the token, too. Any status may be returned.
func (r *Reader) download(ctx context.Context, address *url.URL) (*http.Response, error) {
	for hops := 0; ; hops++ {
		resp, err := r.get(ctx, address)
		if err != nil {
			return nil, err
		}

		next := r.nextHop(resp)
		if next == nil || hops == maxHops {
			return resp, nil
		}

		resp.Body.Close() //nolint:errcheck // nothing in it is of use
		address = next
	}
}

// get requests an address, with the token if the token may be sent there.
func (r *Reader) get(ctx context.Context, address *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	if r.IsTrusted(address) {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	return r.HTTP.Do(req)
}

// nextHop returns the address that a redirect leads to, or nil if it is none, or leads to a login page or elsewhere.
func (r *Reader) nextHop(resp *http.Response) *url.URL {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}

	next, err := resp.Location()
	if err != nil || isSignIn(next) {
		return nil
	}
	if !r.IsTrusted(next) && !servesFiles(next) {
		return nil
	}
	return next
}

// isSignIn reports whether an address is that of Slack's login page, to which Slack sends whoever may not read a
// file. Only the address tells: the file may be a web page itself.
func isSignIn(u *url.URL) bool { return u.Query().Has("redir") || strings.HasPrefix(u.Path, "/signin") }

// servesFiles reports whether an address is at a host of Slack's that serves files without the token.
func servesFiles(u *url.URL) bool {
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Host)
	return host == "slack-files.com" || strings.HasSuffix(host, ".slack-edge.com")
}

// checkDownload returns an error if the response isn't the file that was announced. To a caller who may not read the
// file, Slack sends a login page, or redirects to it.
// Errors: those of unavailable and notReadableYet.
func checkDownload(resp *http.Response, content *bufio.Reader, f bridge.SurfaceFile) error {
	const isRedirect = 3 // the first digit of the statuses that only say where to look
	if resp.StatusCode/100 == isRedirect {
		return unavailable(f, "Slack doesn't give it to Parley")
	}
	if resp.StatusCode != http.StatusOK {
		return notReadableYet(f, fmt.Sprintf("Slack answers %d", resp.StatusCode))
	}
	if isWebPage(resp, content, f) {
		return unavailable(f, "Slack shows a web page instead of it")
	}

	hasBothSizes := f.SizeBytes > 0 && resp.ContentLength >= 0
	if hasBothSizes && resp.ContentLength != f.SizeBytes {
		return notReadableYet(f, fmt.Sprintf("Slack sends %d bytes instead of %d", resp.ContentLength, f.SizeBytes))
	}

	return nil
}

// isWebPage reports whether the response is a web page although the file isn't one.
func isWebPage(resp *http.Response, content *bufio.Reader, f bridge.SurfaceFile) bool {
	if strings.Contains(f.ContentType, "html") {
		return false
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return true
	}
	if strings.HasPrefix(f.ContentType, "text/") { // other texts may begin like HTML
		return false
	}

	const sniffedBytes = 512              // that http.DetectContentType looks at
	head, _ := content.Peek(sniffedBytes) //nolint:errcheck // a short file is fine
	return strings.HasPrefix(http.DetectContentType(head), "text/html")
}
