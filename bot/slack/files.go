package slack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/ownshare"
	"parley/bot/slack/refusal"
	"parley/bridge"
	"parley/channels"
	"parley/channels/fence"
)

// errFile is wrapped by the errors of Open.
var errFile = errors.New("slack: file")

// files moves files between Parley and Slack: upload puts those of a customer's message into Slack, and Open reads
// those that an agent attached to a reply. The message that shows a file in a channel is its share.
type files struct {
	*workspace

	shares    ownshare.Book // shares of our uploads, as events told of them
	shareWait time.Duration // how long a finished upload waits for its message's id
}

// maxHops is how many redirects to a file's bytes are followed.
const maxHops = 3

// Open reads a file that a person attached. It sends the token only to Slack's own hosts. If Slack answers with a
// login page in place of the file, that is an error.
// Errors: *channels.SendError of class BadContent if the file can't be read later either, and of class Retry if it
// may be; other errors, after which it may be readable later, too.
func (fs *files) Open(ctx context.Context, f bridge.SurfaceFile) (content io.ReadCloser, err error) {
	if f.Unavailable != "" {
		return nil, unavailable(f, f.Unavailable)
	}

	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer func() {
		if err != nil {
			cancel()
		}
	}()

	if f.URL == "" {
		if f, err = fs.fileInfo(ctx, f); err != nil {
			return nil, err
		}
	}

	u, err := url.Parse(f.URL)
	if err != nil || !fs.isTrusted(u) {
		return nil, unavailable(f, "it is not at Slack")
	}

	resp, err := fs.download(ctx, u) //nolint:bodyclose // closed by what is returned, or below
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}

	maxBytes := int64(maxFileBytes)
	if f.SizeBytes > 0 {
		maxBytes = min(maxBytes, f.SizeBytes)
	}

	buffered := bufio.NewReader(resp.Body)
	if err := checkDownload(resp, buffered, f); err != nil {
		resp.Body.Close() //nolint:errcheck // refused already
		return nil, fs.explainRefusal(ctx, f, resp.StatusCode, err)
	}

	return fence.Bounded(download{Reader: buffered, cancel: cancel, body: resp.Body}, maxBytes, errTooLong), nil
}

// explainRefusal returns a better error than err, with which checkDownload refused a download. Slack's file host
// answers alike whether the file is gone or the app has no access at all, so it asks the Web API which it is.
func (fs *files) explainRefusal(ctx context.Context, f bridge.SurfaceFile, status int, err error) error {
	if status >= http.StatusInternalServerError || f.ID == "" {
		return err
	}
	_, infoErr := fs.fileInfo(ctx, f)
	if channels.ClassOf(infoErr) == channels.BadContent {
		return infoErr
	}
	if refusal.NeedsRepair(infoErr) || refusal.IsTemporary(infoErr) {
		return notYet(f, "Slack doesn't let Parley in")
	}
	return err
}

// download requests a file, and follows up to maxHops redirects to other hosts of Slack's. In an Enterprise
// organisation the bytes are at another host, which wants the token, too. Any status may be returned.
func (fs *files) download(ctx context.Context, u *url.URL) (*http.Response, error) {
	for hops := 0; ; hops++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, err
		}
		if fs.isTrusted(u) {
			r.Header.Set("Authorization", "Bearer "+fs.token)
		}

		resp, err := fs.http.Do(r)
		if err != nil {
			return nil, err
		}

		next := fs.nextHop(resp)
		if next == nil || hops == maxHops {
			return resp, nil
		}

		resp.Body.Close() //nolint:errcheck // nothing in it is of use
		u = next
	}
}

// nextHop returns the address that a redirect leads to, or nil if it is none, or leads to a login page or elsewhere.
func (fs *files) nextHop(resp *http.Response) *url.URL {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	u, err := resp.Location()
	if err != nil || isSignIn(u) {
		return nil
	}
	if !fs.isTrusted(u) && !servesFiles(u) {
		return nil
	}
	return u
}

// isSignIn reports whether an address is that of Slack's login page, to which Slack sends whoever may not read a
// file. Only the address tells: the file may be a web page itself.
func isSignIn(u *url.URL) bool { return u.Query().Has("redir") || strings.HasPrefix(u.Path, "/signin") }

// servesFiles reports whether an address is at a host of Slack's that serves files without the token.
func servesFiles(u *url.URL) bool {
	isPlain := u.Scheme == "https" && u.User == nil
	host := strings.ToLower(u.Host)
	return isPlain && (host == "slack-files.com" || strings.HasSuffix(host, ".slack-edge.com"))
}

// unavailable returns the error for a file that can't be read now or later.
func unavailable(f bridge.SurfaceFile, why string) error {
	return &channels.SendError{
		Class: channels.BadContent, Text: f.Name + " can't be read: " + why,
		Hint: "Upload the file itself and send again.", Cause: errFile,
	}
}

func notYet(f bridge.SurfaceFile, why string) error {
	return &channels.SendError{
		Class: channels.Retry, Text: f.Name + " can't be read: " + why, Hint: "Parley tries again by itself.", Cause: errFile,
	}
}

// checkDownload returns an error if the response isn't the file that was announced. To a caller who may not read the
// file, Slack sends a login page, or redirects to it.
// Errors: those of unavailable and notYet.
func checkDownload(resp *http.Response, body *bufio.Reader, f bridge.SurfaceFile) error {
	const isRedirect = 3 // the first digit of the statuses that only say where to look
	if resp.StatusCode/100 == isRedirect {
		return unavailable(f, "Slack doesn't give it to Parley")
	}
	if resp.StatusCode != http.StatusOK {
		return notYet(f, fmt.Sprintf("Slack answers %d", resp.StatusCode))
	}
	if isWebPage(resp, body, f) {
		return unavailable(f, "Slack shows a web page instead of it")
	}

	hasBothSizes := f.SizeBytes > 0 && resp.ContentLength >= 0
	if hasBothSizes && resp.ContentLength != f.SizeBytes {
		return notYet(f, fmt.Sprintf("Slack sends %d bytes instead of %d", resp.ContentLength, f.SizeBytes))
	}

	return nil
}

// isWebPage reports whether the response is a web page although the file isn't one.
func isWebPage(resp *http.Response, body *bufio.Reader, f bridge.SurfaceFile) bool {
	if strings.Contains(f.ContentType, "html") {
		return false
	}

	const sniffed = 512           // bytes that http.DetectContentType looks at
	head, _ := body.Peek(sniffed) //nolint:errcheck // a short file is fine
	saysHTML := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	looksHTML := strings.HasPrefix(http.DetectContentType(head), "text/html")
	mayLookHTML := strings.HasPrefix(f.ContentType, "text/") // other texts may begin like HTML
	isDisguised := looksHTML && !mayLookHTML
	return saysHTML || isDisguised
}

// fileInfo asks Slack for the details of a file that an event left out.
// Errors: *channels.SendError of the class BadContent for a file that can't be read.
func (fs *files) fileInfo(ctx context.Context, f bridge.SurfaceFile) (bridge.SurfaceFile, error) {
	info, err := fs.askFile(ctx, f.ID)
	if err != nil {
		return f, fmt.Errorf("%w: %w", errFile, err)
	}
	full := fact.SurfaceFile(info)
	if full.Unavailable != "" {
		return f, unavailable(f, full.Unavailable)
	}
	return full, nil
}

// upload uploads a post's files, except those in refused. Files that Slack refuses go into Refused.
func (fs *files) upload(ctx context.Context, p bridge.Post, refused []refusedFile) (uploadProgress, error) {
	progress := uploadProgress{Refused: slices.Clone(refused)}
	for _, f := range p.Files {
		if !isAcceptable(f) || slices.ContainsFunc(refused, isRefusalOf(f)) {
			continue
		}

		id, err := fs.uploadOne(ctx, f)
		isLate := priorProgress(p).Failed >= maxUploadFailures && ctx.Err() == nil
		if why := refusal.WhyNoFile(err, isLate); why != "" {
			fs.log.Warn("slack gets no such file", "delivery_id", p.DeliveryID, "error", err)
			progress.Refused = append(progress.Refused, refusedFile{Name: fileName(f), Bytes: f.SizeBytes, Why: why})
			continue
		}
		if err != nil {
			return uploadProgress{}, err
		}

		progress.IDs = append(progress.IDs, id)
		progress.Titles = append(progress.Titles, fileName(f))
	}

	return progress, nil
}

func (fs *files) uploadOne(ctx context.Context, f channels.File) (string, error) {
	name := fileName(f)
	target, err := fs.api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{FileName: name, FileSize: int(f.SizeBytes)})
	if err != nil {
		return "", fmt.Errorf("slack: files.getUploadURLExternal: %w", err)
	}
	if target.UploadURL == "" || target.FileID == "" {
		return "", refusal.ErrEmptyAnswer
	}

	content, err := f.Open(ctx)
	if err != nil {
		return "", refusal.Unreadable(err)
	}
	defer content.Close()
	err = fs.api.UploadToURL(ctx, slackapi.UploadToURLParameters{UploadURL: target.UploadURL, Reader: content, Filename: name})
	if err != nil {
		return "", refusal.NotUploaded(err)
	}

	return target.FileID, nil
}

// findShare returns the message that shows a file in a channel, or a zero Share if there is none.
func (fs *files) findShare(ctx context.Context, id, channel string) (fact.Share, error) {
	if share, ok := fs.shares.Get(id, channel); ok {
		return share, nil
	}

	var f *slackapi.File
	err := fs.retryRead(ctx, func(ctx context.Context) error {
		var err error
		f, _, _, err = fs.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	})
	if err != nil {
		return fact.Share{}, fmt.Errorf("slack: files.info: %w", err)
	}

	for _, sharesByChannel := range []map[string][]slackapi.ShareFileInfo{f.Shares.Public, f.Shares.Private} {
		for _, at := range sharesByChannel[channel] {
			return fact.Share{File: id, Channel: channel, Thread: at.ThreadTs, TS: at.Ts}, nil
		}
	}

	return fact.Share{}, nil
}

// awaitShare waits a little for the message of a finished upload, which Slack posts later. It waits for the event
// that tells of the message, and asks Slack in between. The result is zero if the message isn't there yet.
func (fs *files) awaitShare(ctx context.Context, id, channel string) (fact.Share, error) {
	const tries = 3
	for range tries {
		if share, ok := fs.shares.Wait(ctx, id, channel, fs.shareWait/tries); ok {
			return share, nil
		}
		share, err := fs.findShare(ctx, id, channel)
		if err != nil || share.TS != "" {
			return share, err
		}
	}
	return fact.Share{}, nil
}

// deleteAll deletes files of ours. Those that are gone already are no error.
func (fs *files) deleteAll(ctx context.Context, list []fact.File) error {
	for _, f := range list {
		err := fs.api.DeleteFileContext(ctx, f.ID)
		switch refusal.CodeOf(err) {
		case "file_not_found", "file_deleted":
			continue
		}
		if err != nil {
			return refusal.Classify(err)
		}
	}
	return nil
}

// download is a file that is being read; Close also ends its request.
type download struct {
	io.Reader
	cancel context.CancelFunc
	body   io.Closer
}

// Close implements io.Closer.
func (d download) Close() error {
	defer d.cancel()
	return d.body.Close()
}

// errTooLong ends the reading of a file that is longer than announced.
var errTooLong = errors.New("slack: file is longer than announced")
