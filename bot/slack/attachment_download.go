package slack

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"parley/bridge"
)

// This file downloads an attached file from Slack. Two things make that harder than one GET request:
//   - Slack may redirect to another of its hosts, for example in an Enterprise organisation. The bot's token must be
//     sent again there, but never to a host that isn't Slack's. net/http can't decide that, so redirects are
//     followed here.
//   - If the bot may not read the file, Slack doesn't answer 403. It sends its login page, or redirects to it.
//     checkDownload recognises that page, so that it is not sent to the customer as the file.

// maxRedirects is how many redirects are followed.
const maxRedirects = 3

// download requests a file and follows redirects between Slack's hosts. The response may have any status.
func (r *Reader) download(ctx context.Context, address *url.URL) (*http.Response, error) {
	for redirects := 0; ; redirects++ {
		resp, err := r.get(ctx, address)
		if err != nil {
			return nil, err
		}

		next := r.redirectTarget(resp)
		if next == nil || redirects == maxRedirects {
			return resp, nil
		}

		resp.Body.Close() //nolint:errcheck // the body of a redirect isn't used
		address = next
	}
}

// get requests an address. It sends the token if the address is trusted with it.
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

// redirectTarget returns the address to which a response redirects. It returns nil if the response isn't a redirect,
// or if the address is Slack's login page or outside of Slack.
func (r *Reader) redirectTarget(resp *http.Response) *url.URL {
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

// isSignIn reports whether an address is Slack's login page. It judges by the address alone, because the content
// proves nothing: the requested file may be a web page, too.
func isSignIn(u *url.URL) bool { return u.Query().Has("redir") || strings.HasPrefix(u.Path, "/signin") }

// servesFiles reports whether an address belongs to one of the hosts from which Slack serves files without the token.
func servesFiles(u *url.URL) bool {
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Host)
	return host == "slack-files.com" || strings.HasSuffix(host, ".slack-edge.com")
}

// checkDownload returns an error if the response isn't the announced file f. content is the body; checkDownload may
// peek at its first bytes.
// Errors: those of unavailable and notReadableYet.
func checkDownload(resp *http.Response, content *bufio.Reader, f bridge.SurfaceFile) error {
	const redirectClass = 3 // of the statuses 3xx; download has followed the redirects that may be followed
	if resp.StatusCode/100 == redirectClass {
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

// isWebPage reports whether the response is a web page, such as a login page, although the file isn't one.
func isWebPage(resp *http.Response, content *bufio.Reader, f bridge.SurfaceFile) bool {
	if strings.Contains(f.ContentType, "html") {
		return false
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return true
	}
	if strings.HasPrefix(f.ContentType, "text/") { // sniffing can mistake another text file for HTML
		return false
	}

	const sniffedBytes = 512              // as many as http.DetectContentType considers
	head, _ := content.Peek(sniffedBytes) //nolint:errcheck // a file may be shorter
	return strings.HasPrefix(http.DetectContentType(head), "text/html")
}
