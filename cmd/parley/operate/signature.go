package operate

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/email/message"
	"parley/channels/wire"
)

const (
	maxSourceBytes  = 512 << 10 // of a signature, including its data: URLs
	maxPictureBytes = 256 << 10
	maxRedirects    = 3
	fetchTimeout    = 15 * time.Second
)

// Reader implements setup.SignatureReader.
type Reader struct {
	dir     string // relative paths of files start here
	client  *http.Client
	noFiles bool // true for signatures from a page: its author must not be able to read files of this machine
}

// NewSignature makes a Reader. Relative paths of files start at dir, the folder of parley.yaml. dialer opens the connections to
// pictures; it should refuse private addresses, because a redirect or a copied signature may lead to one.
func NewSignature(dir string, dialer channels.Dialer) *Reader {
	transport := &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: fetchTimeout, DisableKeepAlives: true}
	return &Reader{dir: dir, client: &http.Client{Transport: transport, Timeout: fetchTimeout, CheckRedirect: checkRedirect}}
}

// NewGuarded makes a Reader that fetches pictures from public addresses only.
func NewGuarded(dir string) *Reader { return NewSignature(dir, wire.New()) }

// NewForPages makes a Reader for signatures that are entered on a page. It opens no files.
func NewForPages(dialer channels.Dialer) *Reader {
	r := NewSignature("", dialer)
	r.noFiles = true
	return r
}

var errRedirect = errors.New("signature: it redirects too often or away from https")

// checkRedirect implements the CheckRedirect of an http.Client. Errors: errRedirect.
func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || r.URL.Scheme != "https" {
		return errRedirect
	}
	return nil
}

// drawing matches an SVG picture in a signature. Mail programs don't show SVG.
var drawing = regexp.MustCompile(`(?i)<svg[\s/>]|data:image/svg`)

// Read implements setup.SignatureReader.
func (r *Reader) Read(source string) (setup.SignatureText, error) {
	if len(source) > maxSourceBytes {
		return setup.SignatureText{}, refuse(fmt.Sprintf("has %s", channels.SizeWords(int64(len(source)))),
			fmt.Sprintf("Keep it below %s; put pictures into files of their own.", channels.SizeWords(maxSourceBytes)))
	}
	if drawing.MatchString(source) {
		return setup.SignatureText{}, refuse("has a picture as SVG, which mail programs don't show",
			"Take it out, and add it as PNG, JPEG or GIF.")
	}

	s, err := message.ReadSignature(source)
	if err != nil {
		return setup.SignatureText{}, refuse("is too long to be read", "Shorten it.")
	}

	t := setup.SignatureText{Markdown: s.Markdown, HTML: s.HTML}
	for i, address := range s.Pictures {
		t.Pictures = append(t.Pictures, setup.PictureInText{Address: address, ContentID: message.PictureID(i)})
	}

	return t, nil
}

// refuse returns the error for a signature that can't be used, in words for an admin.
func refuse(what, hint string) error { return &setup.SignatureError{What: what, Hint: hint} }

// refusePicture returns the error for a picture that can't be used, in words for an admin. A long address, such as a data: URL,
// is truncated.
func refusePicture(from, what, hint string) error {
	const maxRunes = 60
	if runes := []rune(from); len(runes) > maxRunes {
		from = string(runes[:maxRunes]) + "…"
	}
	if from == chosenPicture {
		return refuse("the picture "+from+" "+what, hint)
	}
	return refuse(fmt.Sprintf("the picture %q %s", from, what), hint)
}

// chosenPicture is used in errors in place of the address, for a picture that was uploaded in the browser.
const chosenPicture = "that you chose"

// scheme matches the scheme of a URL. It needs two letters, so that it doesn't match a drive letter (C:).
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// Picture implements setup.SignatureReader.
func (r *Reader) Picture(ctx context.Context, from string) (setup.Picture, error) {
	var p setup.Picture
	var err error
	switch lower := strings.ToLower(from); {
	case strings.HasPrefix(lower, "data:"):
		p.IsInline, p.Name = true, "picture"
		p.Content, err = decodeInline(from)
	case strings.HasPrefix(lower, "https:"):
		p.Content, err = r.fetch(ctx, from)
		if u, parsed := url.Parse(from); parsed == nil {
			p.Name = path.Base(u.Path)
		}
	case scheme.MatchString(from) || strings.HasPrefix(from, "//"):
		err = refusePicture(from, "has an address that is not fetched", "Write an https address, or the path of a file.")
	case r.noFiles:
		err = refusePicture(from, "is a file of the machine on which Parley runs", "Upload it below, or write an https address.")
	default:
		p.Name = filepath.Base(from)
		p.Content, err = r.readFile(from)
	}

	if err != nil {
		return p, err
	}
	return nameByKind(p, from)
}

// nameByKind detects the content type of a picture from its bytes, and gives its name the matching extension.
// Errors: *setup.SignatureError if it is too large, or not a PNG, JPEG or GIF.
func nameByKind(p setup.Picture, from string) (setup.Picture, error) {
	if len(p.Content) > maxPictureBytes {
		return p, refusePicture(from, "has more than "+channels.SizeWords(maxPictureBytes), "Make it smaller: every mail carries it.")
	}

	p.ContentType = http.DetectContentType(p.Content)
	extension := map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"}[p.ContentType]
	if extension == "" {
		return p, refusePicture(from, "is no PNG, JPEG or GIF", "Save it as one of these, which every mail program shows.")
	}

	given := path.Ext(p.Name)
	isJPEG := extension == ".jpg" && strings.EqualFold(given, ".jpeg")
	if !isJPEG && !strings.EqualFold(given, extension) {
		p.Name = strings.TrimSuffix(p.Name, given) + extension
	}

	return p, nil
}

// decodeInline decodes a data: URL (RFC 2397), such as "data:image/png;base64,iVBORw0K…".
func decodeInline(from string) ([]byte, error) {
	head, data, _ := strings.Cut(from, ",")
	if !strings.HasSuffix(strings.ToLower(head), ";base64") {
		return nil, refusePicture(from, "can't be read", "Write it as data:image/png;base64,… or put it into a file.")
	}
	content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data), ""))
	if err != nil {
		return nil, refusePicture(from, "can't be read", "Its base64 is broken: copy it again, or put it into a file.")
	}
	return content, nil
}

// readFile reads a picture from a file. It reads one byte beyond maxPictureBytes, so that the caller can detect larger files.
func (r *Reader) readFile(from string) ([]byte, error) {
	file := from
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}

	f, err := os.Open(file) //nolint:gosec // an admin's own file, on the admin's machine
	if err != nil {
		return nil, refuse(fmt.Sprintf("the picture %q can't be opened", from),
			"Write its path from the folder of the set-up file, or an https address.")
	}
	defer f.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(f, maxPictureBytes+1))
	if err != nil {
		return nil, refuse(fmt.Sprintf("the picture %q can't be read", from), "Name a file with a picture.")
	}

	return content, nil
}

// fetch reads a picture from an https URL. Like readFile, it reads at most one byte beyond maxPictureBytes.
func (r *Reader) fetch(ctx context.Context, from string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, refusePicture(from, "has an address that can't be read", "Write it like https://acme.example/logo.png.")
	}

	resp, err := r.client.Do(req)
	if errors.Is(err, channels.ErrPrivateAddress) || errors.Is(err, errRedirect) {
		return nil, refusePicture(from, "leads to where Parley doesn't go",
			"Pictures come from public https addresses; put this one into a file.")
	}
	if err != nil {
		return nil, refusePicture(from, "could not be fetched", "Try again, or put it into a file.")
	}
	defer resp.Body.Close() //nolint:errcheck // only read

	if resp.StatusCode != http.StatusOK {
		return nil, refusePicture(from, fmt.Sprintf("could not be fetched: status %d", resp.StatusCode),
			"Look whether it is there, or put it into a file.")
	}

	content, err := io.ReadAll(io.LimitReader(resp.Body, maxPictureBytes+1))
	if err != nil {
		return nil, refusePicture(from, "could not be fetched to its end", "Try again, or put it into a file.")
	}

	return content, nil
}
