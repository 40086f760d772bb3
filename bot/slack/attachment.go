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
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/wire"
)

// errFile is wrapped by the errors of Open.
var errFile = errors.New("slack: file")

// errTooLong is returned by Read once a file turns out to be longer than announced.
var errTooLong = errors.New("slack: file is longer than announced")

// openTimeout limits the time from Open until the file is closed.
const openTimeout = 10 * time.Minute

// Reader opens files of one workspace. Its fields must not change after the first use; then it is safe for concurrent
// use.
type Reader struct {
	HTTP     *http.Client // must not follow redirects itself: download decides which are safe
	Token    string       // of the bot
	MaxBytes int64        // the maximum size of a file, even if Slack announces a larger one

	// IsTrusted reports whether the token may be sent to an address.
	IsTrusted func(*url.URL) bool

	// Describe asks Slack for a file's name, type, size and URL.
	Describe func(ctx context.Context, id string) (File, error)
}

// Open starts the download of a file. The caller must close it within openTimeout. The token is sent only to Slack's
// own hosts. If Slack sends its login page in place of the file, Open returns an error.
// Errors: *channels.SendError of class BadContent if the file is permanently unreadable. After any other error,
// including a *channels.SendError of class Retry, another attempt may succeed.
func (r *Reader) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	content, err := r.open(ctx, f)
	if err != nil {
		cancel()
		return nil, err
	}
	return cancelOnClose{content, cancel}, nil
}

// cancelOnClose is the body of a download. Close also cancels the context of its request.
type cancelOnClose struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (c cancelOnClose) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// open does the work of Open. ctx must not be cancelled before the file is closed.
func (r *Reader) open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	if f.Unavailable != "" {
		return nil, unavailable(f, f.Unavailable)
	}
	if f.URL == "" {
		described, err := r.describe(ctx, f)
		if err != nil {
			return nil, err
		}
		f = described
	}

	address, err := url.Parse(f.URL)
	if err != nil || !r.IsTrusted(address) {
		return nil, unavailable(f, "it is not at Slack")
	}

	resp, err := r.download(ctx, address) //nolint:bodyclose // closed by what is returned, or below
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}

	content := bufio.NewReader(resp.Body)
	if err := checkDownload(resp, content, f); err != nil {
		resp.Body.Close() //nolint:errcheck // the download has failed already
		return nil, r.explainRefusal(ctx, f, resp, err)
	}

	maxBytes := r.MaxBytes
	if f.SizeBytes > 0 {
		maxBytes = min(maxBytes, f.SizeBytes)
	}
	return wire.Bounded(readCloser{content, resp.Body}, maxBytes, errTooLong), nil
}

// describe asks Slack for the details of the file with f.ID.
// Errors: *channels.SendError of class BadContent if the file is permanently unreadable; those of Describe.
func (r *Reader) describe(ctx context.Context, f bridge.SurfaceFile) (bridge.SurfaceFile, error) {
	info, err := r.Describe(ctx, f.ID)
	if err != nil {
		return f, fmt.Errorf("%w: %w", errFile, err)
	}
	described := SurfaceFile(info)
	if described.Unavailable != "" {
		return f, unavailable(f, described.Unavailable)
	}
	return described, nil
}

// explainRefusal replaces err, an error of checkDownload, by a more precise one if it can. Slack's file host answers
// alike whether the file was deleted or the whole app lost its access. So explainRefusal asks the Web API, which
// distinguishes them: only a deleted file is permanently unreadable. So is a snippet that was edited after it was attached,
// because the channel was told its former size.
func (r *Reader) explainRefusal(ctx context.Context, f bridge.SurfaceFile, resp *http.Response, err error) error {
	if resp.StatusCode >= http.StatusInternalServerError || f.ID == "" {
		return err
	}
	described, infoErr := r.describe(ctx, f)
	if channels.ClassOf(infoErr) == channels.BadContent {
		return infoErr
	}
	if NeedsRepair(infoErr) || IsTemporary(infoErr) {
		return notReadableYet(f, "Slack doesn't let Parley in")
	}
	isComplete := infoErr == nil && resp.StatusCode == http.StatusOK && resp.ContentLength == described.SizeBytes
	if isComplete && described.SizeBytes != f.SizeBytes {
		return unavailable(f, "it was changed after it was attached")
	}
	return err
}

// unavailable returns the error for a file that is permanently unreadable.
func unavailable(f bridge.SurfaceFile, why string) error {
	return &channels.SendError{
		Class: channels.BadContent, Text: f.Name + " can't be read: " + why,
		Hint: "Upload the file itself and send again.", Cause: errFile,
	}
}

// notReadableYet returns the error for a file that may be readable later.
func notReadableYet(f bridge.SurfaceFile, why string) error {
	return &channels.SendError{
		Class: channels.Retry, Text: f.Name + " can't be read: " + why, Hint: "Parley tries again by itself.",
		Cause: errFile,
	}
}

// download gets an attached file from Slack. Two things make that harder than one GET request:
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
