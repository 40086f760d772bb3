package graph

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
	"parley/channels/fence"
)

// DefaultURL is where Meta serves the Graph API, without the version.
const DefaultURL = "https://graph.facebook.com"

// DefaultVersion is the version of the Graph API for which Parley's requests and webhooks are written.
const DefaultVersion = "v26.0"

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 8 << 20

const (
	defaultTimeout = 30 * time.Second // of a request whose context has no deadline
	answerTimeout  = 2 * time.Minute  // of any request: how long its answer may take to begin
)

// userAgent names us; published descriptions of the API ask for this form.
const userAgent = "Parley/1.0.0"

// Options of a Client.
type Options struct {
	BaseURL string // without a version; "" means DefaultURL
	Version string // "v26.0"; "" means DefaultVersion
	Token   string // access token, sent as Bearer and never logged
	// Secret is that of the token's app. Calls prove that we know it if the app demands that; "" means that they can't.
	Secret string
	Dialer channels.Dialer
	// MediaHosts are hosts that Download may call besides that of BaseURL; a leading dot
	// means all hosts below.
	MediaHosts []string
}

// Client calls the Graph API for one account. It is safe for concurrent use.
type Client struct {
	base  *url.URL // with the version
	host  *url.URL // without
	token string
	// secret is that of the token's app; "" if it isn't known, and for the app's own token, which needs no proof.
	secret string
	// mustProve is set once Meta has demanded appsecret_proof. Until then calls go without it, because an account may have been set up
	// with the secret of another app of the company, which doesn't matter to calls.
	mustProve *atomic.Bool
	hosts     []string
	http      *http.Client
}

// New makes a client. It opens no connection.
// Errors: a malformed URL or version.
func New(o Options) (*Client, error) {
	o.Version = cmp.Or(o.Version, DefaultVersion)
	base, err := url.Parse(strings.TrimRight(cmp.Or(o.BaseURL, DefaultURL), "/"))
	if err != nil || !isWebURL(base) {
		return nil, errors.New("graph: the base URL must be an http or https address")
	}
	if !IsVersion(o.Version) {
		return nil, fmt.Errorf("graph: version %q isn't like %s", o.Version, DefaultVersion)
	}

	return &Client{
		base:      base.JoinPath(o.Version),
		host:      base,
		token:     o.Token,
		secret:    o.Secret,
		mustProve: &atomic.Bool{},
		hosts:     o.MediaHosts,
		http:      fence.NewClient(fence.Options{Answer: answerTimeout, Dialer: o.Dialer}),
	}, nil
}

// isWebURL reports whether an address is one of http or https.
func isWebURL(u *url.URL) bool {
	isHTTP := u.Scheme == "http" || u.Scheme == "https"
	return isHTTP && u.Host != ""
}

// IsVersion reports whether s is written like a version of the Graph API: v26.0.
func IsVersion(s string) bool { return versionPattern.MatchString(s) }

// versionPattern is a version of the Graph API: v26.0.
var versionPattern = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,3}$`)

// Call makes one request with in as its JSON body and reads the JSON answer into out. path is that below the version. If in is nil, there
// is no body; if out is nil, the answer isn't read.
// Errors: *Error, *fence.LostError.
func (c *Client) Call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return &fence.LostError{Cause: fmt.Errorf("write request: %w", err)}
		}
	}
	return c.do(ctx, call{
		method:      method,
		path:        path,
		query:       query,
		contentType: "application/json",
		body:        bytes.NewReader(body),
		size:        int64(len(body)),
	}, out)
}

// call is a request to Meta.
type call struct {
	method      string
	path        string // below the version
	query       url.Values
	contentType string
	body        io.Reader
	size        int64 // of the body, in bytes
}

// File is what Upload sends.
type File struct {
	Field       string // name of the form field; "" means "file"
	Name        string
	ContentType string
	Content     []byte
	Body        io.Reader // instead of Content
	SizeBytes   int64     // of Body
}

// Upload makes one request with a multipart form: fields in order of their names, then the file. If Meta refuses it because it demands
// appsecret_proof, Upload fails with a LostError, and the caller may try again: then the proof goes along.
// Errors: *Error, *fence.LostError.
func (c *Client) Upload(ctx context.Context, path string, fields map[string]string, f File, out any) error {
	if f.Body == nil {
		f.Body, f.SizeBytes = bytes.NewReader(f.Content), int64(len(f.Content))
	}

	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(name, fields[name]); err != nil {
			return &fence.LostError{Cause: fmt.Errorf("write form: %w", err)}
		}
	}

	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition(cmp.Or(f.Field, "file"), f.Name))
	header.Set("Content-Type", f.ContentType)
	if _, err := w.CreatePart(header); err != nil {
		return &fence.LostError{Cause: fmt.Errorf("write form: %w", err)}
	}

	headSize := form.Len() // of what comes before the file; what Close adds comes behind the file
	if err := w.Close(); err != nil {
		return &fence.LostError{Cause: fmt.Errorf("write form: %w", err)}
	}

	frame := form.Bytes()
	file := &wholeReader{r: f.Body, left: f.SizeBytes}
	body := io.MultiReader(bytes.NewReader(frame[:headSize]), file, bytes.NewReader(frame[headSize:]))
	return c.do(ctx, call{
		method:      http.MethodPost,
		path:        path,
		contentType: w.FormDataContentType(),
		body:        body,
		size:        int64(len(frame)) + f.SizeBytes,
	}, out)
}

// wholeReader reads a file and fails if it has fewer bytes than announced. Then the form isn't completed, so that Meta can't take half of
// a file for all of it.
type wholeReader struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader. Errors: io.ErrUnexpectedEOF.
func (w *wholeReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.left -= int64(n)
	if errors.Is(err, io.EOF) && w.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// do makes one request. If Meta refuses it because it demands appsecret_proof, do repeats it with the proof. If the body can be read only
// once, do returns a LostError instead: the refused request had no effect, so the caller may repeat it.
func (c *Client) do(ctx context.Context, ask call, out any) error {
	mayProve := c.secret != "" && !ask.query.Has(proofParameter)
	if mayProve && c.mustProve.Load() {
		return c.request(ctx, c.proven(ask), out)
	}

	err := c.request(ctx, ask, out)
	if !mayProve || !IsAboutProof(err) {
		return err
	}

	c.mustProve.Store(true)
	again, ok := ask.body.(io.Seeker)
	if !ok {
		return &fence.LostError{Cause: err}
	}
	if _, seekErr := again.Seek(0, io.SeekStart); seekErr != nil {
		return &fence.LostError{Cause: err}
	}

	return c.request(ctx, c.proven(ask), out)
}

// proven returns a request with the proof that we know the app's secret.
func (c *Client) proven(ask call) call {
	query := url.Values{proofParameter: {c.appProof(c.secret)}}
	maps.Copy(query, ask.query)
	ask.query = query
	return ask
}

// request makes one request. Without a body, it has no content type either.
func (c *Client) request(ctx context.Context, ask call, out any) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
	}

	if err := ctx.Err(); err != nil {
		return &fence.LostError{Cause: err}
	}

	to := c.base.JoinPath(ask.path)
	to.RawQuery = ask.query.Encode()
	req, err := http.NewRequestWithContext(ctx, ask.method, to.String(), ask.body)
	if err != nil {
		return &fence.LostError{Cause: fmt.Errorf("make request: %w", err)}
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}

	req.Header.Set("User-Agent", userAgent)
	req.ContentLength = ask.size
	if ask.size > 0 {
		req.Header.Set("Content-Type", ask.contentType)
	} else {
		req.Body = http.NoBody
	}

	resp, err := fence.Do(c.http, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := fence.Read(resp, maxAnswer)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return readRefusal(resp.StatusCode, resp.Header, answer)
	}
	if out == nil {
		return nil
	}
	if err := Read(answer, out); err != nil {
		return &fence.LostError{MayHaveLeft: true, Cause: fmt.Errorf("read answer: %w", err)}
	}

	return nil
}
