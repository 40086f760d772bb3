package meta

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

// defaultURL is where Meta serves the Graph API, without the version.
const defaultURL = "https://graph.facebook.com"

// defaultVersion is the version of the Graph API for which Parley's requests and webhooks are written.
const defaultVersion = "v26.0"

// maxAnswer is the maximum size of a response, in bytes.
const maxAnswer = 8 << 20

const (
	defaultTimeout = 30 * time.Second // for a request whose context has no deadline
	answerTimeout  = 2 * time.Minute  // for the response headers of any request
)

// userAgent identifies Parley. Published descriptions of the API ask for this form.
const userAgent = "Parley/1.0.0"

// clientOptions are the options of New.
type clientOptions struct {
	BaseURL string // without a version; "" means DefaultURL
	Version string // "v26.0"; "" means DefaultVersion
	Token   string // access token, sent as Bearer and never logged
	// Secret is the secret of the app that issued the token. It is needed if the app requires an appsecret_proof in
	// each call, which is a proof that the caller knows the secret. "" means unknown.
	Secret string
	Dialer channels.Dialer
	// MediaHosts are the hosts that Download may call besides the host of BaseURL; a leading dot matches all subdomains.
	MediaHosts []string
}

// graphClient calls Meta's Graph API for one account: WhatsApp's Cloud API and Messenger are parts of it. Errors say whether
// a failed request may have had an effect, so that callers know whether a message can safely be sent again (see
// HadNoEffect). A Client is safe for concurrent use.
type graphClient struct {
	base  *url.URL // with the version
	host  *url.URL // without the version
	token string
	// secret is the secret of the token's app. It is "" if unknown, or if the token is the app's own, which needs no proof.
	secret string
	// mustProve is set once Meta has required an appsecret_proof. Until then it is omitted, because the account may have
	// been set up with the secret of another app, which would otherwise do no harm.
	mustProve *atomic.Bool
	hosts     []string // Options.MediaHosts
	http      *http.Client
}

// newClient returns a client. It opens no connection.
// Errors: a malformed URL or version.
func newClient(o clientOptions) (*graphClient, error) {
	o.Version = cmp.Or(o.Version, defaultVersion)
	base, err := url.Parse(strings.TrimRight(cmp.Or(o.BaseURL, defaultURL), "/"))
	if err != nil || !isWebURL(base) {
		return nil, errors.New("graph: the base URL must be an http or https address")
	}
	if !isVersion(o.Version) {
		return nil, fmt.Errorf("graph: version %q isn't like %s", o.Version, defaultVersion)
	}

	return &graphClient{
		base:      base.JoinPath(o.Version),
		host:      base,
		token:     o.Token,
		secret:    o.Secret,
		mustProve: &atomic.Bool{},
		hosts:     o.MediaHosts,
		http:      wire.NewClient(wire.Options{Answer: answerTimeout, Dialer: o.Dialer}),
	}, nil
}

// isWebURL reports whether u is an absolute http or https URL.
func isWebURL(u *url.URL) bool {
	isHTTP := u.Scheme == "http" || u.Scheme == "https"
	return isHTTP && u.Host != ""
}

// isVersion reports whether s has the form of a version of the Graph API, such as v26.0.
func isVersion(s string) bool { return versionPattern.MatchString(s) }

var versionPattern = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,3}$`)

// Call makes one request with the JSON of in as its body and decodes the JSON response into out. path is relative to the
// version, such as "1055/messages". If in is nil, no body is sent. If out is nil, the response isn't decoded.
// Errors: *Error, *fence.LostError.
func (c *graphClient) Call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return &wire.LostError{Cause: fmt.Errorf("write request: %w", err)}
		}
	}
	return c.do(ctx, call{
		method:      method,
		path:        path,
		query:       query,
		contentType: "application/json",
		body:        bytes.NewReader(body),
		sizeBytes:   int64(len(body)),
	}, out)
}

// call is one request to the Graph API.
type call struct {
	method      string
	path        string // relative to the version
	query       url.Values
	contentType string
	body        io.Reader
	sizeBytes   int64 // of the body
}

// uploadFile is a file for Upload. Its content is either in Content, or is read from Body.
type uploadFile struct {
	Field       string // name of the form field; "" means "file"
	Name        string
	ContentType string
	Content     []byte
	Body        io.Reader
	SizeBytes   int64 // of Body
}

// Upload makes one request with a multipart form: the fields, sorted by name, and then the file. The file isn't copied
// into memory. If Meta refuses the request because it requires an appsecret_proof, Upload fails with a LostError, because
// the file can't be read again. The caller may retry, and the proof is then sent.
// Errors: *Error, *fence.LostError.
func (c *graphClient) Upload(ctx context.Context, path string, fields map[string]string, f uploadFile, out any) error {
	if f.Body == nil {
		f.Body, f.SizeBytes = bytes.NewReader(f.Content), int64(len(f.Content))
	}

	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(name, fields[name]); err != nil {
			return &wire.LostError{Cause: fmt.Errorf("write form: %w", err)}
		}
	}

	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition(cmp.Or(f.Field, "file"), f.Name))
	header.Set("Content-Type", f.ContentType)
	if _, err := w.CreatePart(header); err != nil {
		return &wire.LostError{Cause: fmt.Errorf("write form: %w", err)}
	}

	headSize := form.Len() // the file follows here, and then the end of the form, which Close writes
	if err := w.Close(); err != nil {
		return &wire.LostError{Cause: fmt.Errorf("write form: %w", err)}
	}

	head, tail := form.Bytes()[:headSize], form.Bytes()[headSize:]
	file := &wholeReader{r: f.Body, remaining: f.SizeBytes}
	body := io.MultiReader(bytes.NewReader(head), file, bytes.NewReader(tail))
	return c.do(ctx, call{
		method:      http.MethodPost,
		path:        path,
		contentType: w.FormDataContentType(),
		body:        body,
		sizeBytes:   int64(form.Len()) + f.SizeBytes,
	}, out)
}

// wholeReader fails if the file ends early. The form then stays incomplete, so that Meta can't accept a truncated file.
type wholeReader struct {
	r         io.Reader
	remaining int64 // bytes that are still expected
}

// readJSON implements io.Reader. Errors: io.ErrUnexpectedEOF.
func (w *wholeReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.remaining -= int64(n)
	if errors.Is(err, io.EOF) && w.remaining > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// do makes one request. If Meta refuses it because it requires an appsecret_proof, do repeats the request with the proof.
// If the body can't be read again, do returns a LostError instead, so that the caller repeats the request. Both are safe,
// because a refused request had no effect.
func (c *graphClient) do(ctx context.Context, r call, out any) error {
	mayProve := c.secret != "" && !r.query.Has(proofParameter)
	if mayProve && c.mustProve.Load() {
		return c.request(ctx, c.proven(r), out)
	}

	err := c.request(ctx, r, out)
	if !mayProve || !isAboutProof(err) {
		return err
	}

	c.mustProve.Store(true)
	seeker, ok := r.body.(io.Seeker)
	if !ok {
		return &wire.LostError{Cause: err}
	}
	if _, seekErr := seeker.Seek(0, io.SeekStart); seekErr != nil {
		return &wire.LostError{Cause: err}
	}

	return c.request(ctx, c.proven(r), out)
}

// proven returns the request with an appsecret_proof added to its query.
func (c *graphClient) proven(r call) call {
	query := url.Values{proofParameter: {c.appProof(c.secret)}}
	maps.Copy(query, r.query)
	r.query = query
	return r
}

// request makes exactly one HTTP request and decodes its response.
func (c *graphClient) request(ctx context.Context, r call, out any) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
	}

	if err := ctx.Err(); err != nil {
		return &wire.LostError{Cause: err}
	}

	req, err := c.newRequest(ctx, r)
	if err != nil {
		return &wire.LostError{Cause: err}
	}
	resp, err := wire.Do(c.http, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := wire.Read(resp, maxAnswer)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return readRefusal(resp.StatusCode, resp.Header, body)
	}
	if out == nil {
		return nil
	}
	if err := readJSON(body, out); err != nil {
		return &wire.LostError{MayHaveLeft: true, Cause: fmt.Errorf("read answer: %w", err)}
	}
	return nil
}

// newRequest builds the HTTP request for a call. A request without a body has no content type either.
func (c *graphClient) newRequest(ctx context.Context, r call) (*http.Request, error) {
	address := c.base.JoinPath(r.path)
	address.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, address.String(), r.body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}

	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("User-Agent", userAgent)
	req.ContentLength = r.sizeBytes
	if r.sizeBytes > 0 {
		req.Header.Set("Content-Type", r.contentType)
	} else {
		req.Body = http.NoBody
	}
	return req, nil
}
