package teams

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Graph is Microsoft's API for all its products. Parley uses it to read what the Bot Connector (Teams' API for bots)
// doesn't show: the messages of channels, and the files that people attached. It writes nothing. An admin, or the owner
// of a team, must have granted the app the right to read.

// DefaultURL is the address of Graph in the public cloud, with the version.
const DefaultURL = "https://graph.microsoft.com/v1.0"

// Maximum sizes of responses, in bytes. A page of 50 messages with 1000 replies each can be larger than maxPage. A
// caller that gets rest.ErrTooLarge asks for a smaller page.
const (
	maxPage    = 32 << 20
	maxMessage = 4 << 20
	maxPicture = 32 << 20
	maxFile    = 250 << 20
)

// fileTimeout bounds a file's download as a whole.
const fileTimeout = 5 * time.Minute

// maxPageSize is the number of messages in the largest page that Graph returns.
const maxPageSize = 50

// GraphOptions of a Client.
type GraphOptions struct {
	URL    string       // "" means DefaultURL; http only on this machine
	Tokens *Tokens      // for rest.GraphScope
	HTTP   *http.Client // refuses redirects; see fence.NewClient
	Now    func() time.Time

	PageBytes int64 // bounds an answer with many messages; 0 means 32 MiB
}

// GraphClient reads from Graph. Safe for concurrent use. All methods block until the response arrives, ctx ends, or
// rest.DefaultTimeout has passed. Their errors are *Error; Wait says whether to retry. The parameter group is always
// the id of a team in Graph, which Teams calls aadGroupId.
type GraphClient struct {
	base      *url.URL
	rest      *RestClient
	pageBytes int64
}

// NewGraph makes a client. It makes no requests yet.
// Errors: o.URL is neither an https address nor on this machine.
func NewGraph(o GraphOptions) (*GraphClient, error) {
	o.URL = cmp.Or(o.URL, DefaultURL)
	base, err := parseAddress(strings.TrimRight(o.URL, "/"))
	if err != nil || base.RawQuery != "" || base.Scheme != "https" && !isOnLoopback(base) {
		return nil, fmt.Errorf("graph: %q isn't an https address", o.URL)
	}

	c := &GraphClient{base: base, pageBytes: cmp.Or(o.PageBytes, maxPage)}
	c.rest = &RestClient{HTTP: o.HTTP, Tokens: o.Tokens, Allow: c.allow, Now: o.Now}
	return c, nil
}

// allow implements rest.Allow. It allows only addresses below the base URL, so that the token is sent nowhere else.
func (c *GraphClient) allow(address string) (token bool, err error) {
	u, err := parseAddress(address)
	isBelow := err == nil && originOf(u) == originOf(c.base) && strings.HasPrefix(u.Path, c.base.Path+"/")
	if !isBelow || slices.Contains(strings.Split(u.Path, "/"), "..") {
		return false, fmt.Errorf("%w: not at %s", ErrHost, c.base.Host)
	}
	return true, nil
}

// Messages lists the first messages of a channel's threads, each with its replies. A page has at most size threads;
// Graph doesn't document their order. next is "" for the first page, and otherwise Page.Next of the previous page.
func (c *GraphClient) Messages(ctx context.Context, group, channel string, size int, next string) (p Page[Message], err error) {
	if next == "" {
		top := min(max(size, 1), maxPageSize)
		next = c.addressOf("teams", group, "channels", channel, "messages") + fmt.Sprintf("?$expand=replies&$top=%d", top)
	}
	err = c.get(ctx, "GET messages", next, c.pageBytes, &p)
	return p, err
}

// Replies lists the replies in a thread. Graph doesn't document their order. next is "" for the first page, and
// otherwise Page.Next of the previous page, or Message.MoreReplies.
func (c *GraphClient) Replies(ctx context.Context, t Thread, next string) (p Page[Message], err error) {
	if next == "" {
		next = c.addressOf("teams", t.Group, "channels", t.Channel, "messages", t.Root, "replies") + fmt.Sprintf("?$top=%d", maxPageSize)
	}
	err = c.get(ctx, "GET replies", next, c.pageBytes, &p)
	return p, err
}

// Thread identifies a thread.
type Thread struct {
	Group   string // id of the team in Graph
	Channel string // id of the channel
	Root    string // id of the thread's first message
}

// Message returns one message of a thread. For the first message, id is t.Root.
func (c *GraphClient) Message(ctx context.Context, t Thread, id string) (m Message, err error) {
	err = c.get(ctx, "GET message", c.messageAddress(t, id), maxMessage, &m)
	return m, err
}

// Picture reads a picture that was pasted into a message. id is the id of the message, and content the id of the
// picture. The caller must close the answer.
func (c *GraphClient) Picture(ctx context.Context, t Thread, id, content string) (*Answer, error) {
	message := c.messageAddress(t, id)
	part := c.addressOf("hostedContents", content, "$value")
	if message == "" || part == "" { // one of the ids is malformed: open refuses the empty address
		return c.open(ctx, "GET hosted content", "", maxPicture)
	}
	address := message + strings.TrimPrefix(part, c.base.String())
	return c.open(ctx, "GET hosted content", address, maxPicture)
}

// File reads a file in SharePoint. contentURL is that of an Attachment. Graph redirects to another address, which has
// the bytes. File requests it without a token, and only if it is on the host of the file. The caller must close the
// answer.
func (c *GraphClient) File(ctx context.Context, contentURL string) (*Answer, error) {
	share := "u!" + base64.RawURLEncoding.EncodeToString([]byte(contentURL))
	answer, err := c.open(ctx, "GET file", c.addressOf("shares", share, "driveItem", "content"), maxFile)
	var redirect *GraphError
	if !errors.As(err, &redirect) || redirect.Location == "" {
		return answer, err
	}
	if redirect.Status != http.StatusFound && redirect.Status != http.StatusTemporaryRedirect {
		return answer, err
	}

	allow := func(address string) (withToken bool, err error) { return false, checkSameHost(address, contentURL) }
	withoutToken := &RestClient{HTTP: c.rest.HTTP, Now: c.rest.Now, Allow: allow}
	answer, err = withoutToken.Open(ctx, Request{
		Name: "GET file's bytes", Method: http.MethodGet, URL: redirect.Location, MaxBytes: maxFile,
		Timeout: fileTimeout,
	})
	return answer, graphAsError(err)
}

// checkSameHost checks that address is on the host of contentURL and has https. On this machine, both may have http.
// Errors: rest.ErrHost.
func checkSameHost(address, contentURL string) error {
	to, errTo := parseAddress(address)
	from, errFrom := url.Parse(contentURL)
	isSame := errTo == nil && errFrom == nil && strings.EqualFold(to.Host, from.Host)
	if isSame && (to.Scheme == "https" || to.Scheme == from.Scheme && isOnLoopback(to)) {
		return nil
	}
	return fmt.Errorf("%w: not where the file is", ErrHost)
}

// Folder returns the address of the folder with a channel's files.
// Errors: ErrNotFound, also if nobody has opened the channel's files yet.
func (c *GraphClient) Folder(ctx context.Context, group, channel string) (address string, err error) {
	return c.readWebURL(ctx, "GET files' folder", c.addressOf("teams", group, "channels", channel, "filesFolder"))
}

// Drive returns the address of a person's OneDrive; user is the Entra object id.
func (c *GraphClient) Drive(ctx context.Context, user string) (address string, err error) {
	return c.readWebURL(ctx, "GET drive", c.addressOf("users", user, "drive"))
}

func (c *GraphClient) readWebURL(ctx context.Context, name, address string) (string, error) {
	var at struct {
		WebURL string `json:"webUrl"`
	}
	err := c.get(ctx, name, address, maxMessage, &at)
	return at.WebURL, err
}

// messageAddress returns the address of a message; "" if one of the ids is malformed.
func (c *GraphClient) messageAddress(t Thread, id string) string {
	if id == t.Root {
		return c.addressOf("teams", t.Group, "channels", t.Channel, "messages", t.Root)
	}
	return c.addressOf("teams", t.Group, "channels", t.Channel, "messages", t.Root, "replies", id)
}

// addressOf returns the base URL with these elements, escaped, as its path. It returns "" if an element is empty or
// would change the path ("..").
func (c *GraphClient) addressOf(parts ...string) string {
	address := c.base.String()
	for _, p := range parts {
		switch p {
		case "", ".", "..":
			return ""
		}
		address += "/" + url.PathEscape(p)
	}
	return address
}

func (c *GraphClient) get(ctx context.Context, name, address string, maxBytes int64, out any) error {
	return graphAsError(c.rest.Do(ctx, Request{Name: name, Method: http.MethodGet, URL: address, MaxBytes: maxBytes}, out))
}

func (c *GraphClient) open(ctx context.Context, name, address string, maxBytes int64) (*Answer, error) {
	a, err := c.rest.Open(ctx, Request{Name: name, Method: http.MethodGet, URL: address, MaxBytes: maxBytes, Timeout: fileTimeout})
	return a, graphAsError(err)
}

// Rights are the application permissions that an admin of the organisation granted to the app, such as
// "Files.Read.All". Rights that a team's owner granted aren't included: only a request shows whether we have these.
type Rights []string

// Rights reads the granted rights from the app's access token. ok is false if the token can't be parsed: its format is
// a matter between Entra and Graph, and may change.
// Errors: those of rest.Tokens.
func (c *GraphClient) Rights(ctx context.Context) (granted Rights, ok bool, err error) {
	token, err := c.rest.Tokens.Token(ctx)
	if err != nil {
		return nil, false, err
	}
	var claims struct {
		jwt.RegisteredClaims
		Roles Rights `json:"roles"`
	}
	// We received the token from Entra itself, so its signature needn't be verified.
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return nil, false, nil //nolint:nilerr // see above
	}
	return claims.Roles, true, nil
}

// Files returns the right that lets the app read all files of channels; "" if it has none. Those with ReadWrite come
// first, because Graph's reference requires them for reading a file by its address (/shares), though the others are
// known to suffice.
// Source: learn.microsoft.com/graph/api/shares-get and …/permission-get there, read 2026-11.
func (r Rights) Files() string {
	for _, right := range []string{"Files.ReadWrite.All", "Sites.ReadWrite.All", "Files.Read.All", "Sites.Read.All"} {
		if slices.Contains(r, right) {
			return right
		}
	}
	return ""
}

// HasNamedSites reports whether the app may read the files of those sites that an admin has named.
func (r Rights) HasNamedSites() bool { return slices.Contains(r, "Sites.Selected") }

// HasOnlyNamedSites reports whether the app may read files only in sites that an admin has named.
func (r Rights) HasOnlyNamedSites() bool {
	hasWider := slices.ContainsFunc(r, func(right string) bool {
		kind, _, _ := strings.Cut(right, ".")
		return right != "Sites.Selected" && slices.Contains([]string{"Sites", "Files", "Group"}, kind)
	})
	return r.HasNamedSites() && !hasWider
}

// Errors that callers distinguish.
var (
	// ErrNotGranted means that the app lacks the right to read there, isn't installed there, or has no secret with
	// which to authenticate.
	ErrNotGranted = errors.New("graph: not granted")
	// ErrNotFound means that Graph doesn't find what was requested.
	ErrNotFound = errors.New("graph: not found")
	// ErrAddress means that an address isn't one to which requests may be sent.
	ErrAddress = errors.New("graph: the address leads elsewhere")
)

// GraphError is a failed request to Graph, Microsoft's API for all its products. errors.Is finds in it ErrNotGranted,
// ErrNotFound or ErrAddress if one applies, and the errors of rest*.go.
type GraphError struct {
	Failure
	kind error // one of the errors above; nil if none applies
}

// Error implements error.
func (e *GraphError) Error() string { return e.Failure.Error() }

// Unwrap returns kind, which may be nil, and the failure, which wraps the cause.
func (e *GraphError) Unwrap() []error { return []error{e.kind, &e.Failure} }

// defaultThrottleWait is how long to wait after a 429 without a Retry-After.
const graphDefaultThrottleWait = 10 * time.Second

// Wait reports whether a failed request should be repeated, and after which time. Repeating is safe, because all
// requests only read. If Graph gave no time, after is 0, and the caller chooses one.
func Wait(err error) (after time.Duration, again bool) {
	var e *GraphError
	if !errors.As(err, &e) || e.kind != nil {
		return 0, false
	}
	if errors.Is(e, ErrCredentials) || errors.Is(e, ErrTooLarge) {
		return 0, false
	}

	switch e.Status {
	case http.StatusTooManyRequests:
		return cmp.Or(e.RetryAfter, graphDefaultThrottleWait), true
	case http.StatusRequestTimeout, http.StatusLocked:
		return e.RetryAfter, true
	}

	isCutOff := e.Status < http.StatusMultipleChoices // no response (0), or a success whose body was cut off
	if isCutOff || e.Status >= http.StatusInternalServerError {
		return e.RetryAfter, true
	}

	return 0, false
}

// asError turns a rest.Failure into an *Error. It returns other errors unchanged.
func graphAsError(err error) error {
	var f *Failure
	if err == nil || !errors.As(err, &f) {
		return err
	}

	e := &GraphError{Failure: *f}
	switch {
	case errors.Is(f, ErrHost):
		e.kind = ErrAddress
	case f.Status == http.StatusForbidden, errors.Is(f, ErrNoSecret):
		e.kind = ErrNotGranted
	case f.Status == http.StatusNotFound, f.Status == http.StatusGone:
		e.kind = ErrNotFound
	}

	return e
}
