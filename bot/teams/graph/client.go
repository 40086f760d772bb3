package graph

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

	"parley/bot/teams/rest"
)

// Graph is Microsoft's API for all its products. Parley reads with it what the Bot Connector doesn't show: the
// messages of channels, and the files that people attached. It writes nothing. An admin, or the owner of a team, must
// have allowed the app to read.

// DefaultURL is Graph, with the version.
const DefaultURL = "https://graph.microsoft.com/v1.0"

// Bounds of answers, in bytes. A page of 50 messages with 1000 replies each can be larger than maxPage: a caller that
// gets rest.ErrTooLarge asks for a smaller page.
const (
	maxPage    = 32 << 20
	maxMessage = 4 << 20
	maxPicture = 32 << 20
	maxFile    = 250 << 20
)

// fileTimeout bounds a file's download as a whole.
const fileTimeout = 5 * time.Minute

// maxPageSize is the size of the largest page that Graph returns.
const maxPageSize = 50

// Options of a Client.
type Options struct {
	URL    string       // "" means DefaultURL; http only on this machine
	Tokens *rest.Tokens // for rest.GraphScope
	HTTP   *http.Client // refuses redirects; see fence.NewClient
	Now    func() time.Time

	PageBytes int64 // bounds an answer with many messages; 0 means 32 MiB
}

// Client reads with Graph. Safe for concurrent use. All methods block until the answer comes, ctx ends, or
// rest.DefaultTimeout is over. Their errors are *Error; Wait says whether to try again. group is always the id of a
// team in Graph (aadGroupId elsewhere).
type Client struct {
	base      *url.URL
	rest      *rest.Client
	pageBytes int64
}

// New makes a client. It makes no calls yet.
// Errors: o.URL isn't an address with https, and none on this machine.
func New(o Options) (*Client, error) {
	o.URL = cmp.Or(o.URL, DefaultURL)
	base, err := url.Parse(strings.TrimRight(o.URL, "/"))
	unusable := fmt.Errorf("graph: %q isn't an https address", o.URL)
	if err != nil || base.Host == "" {
		return nil, unusable
	}
	if base.User != nil || base.RawQuery != "" {
		return nil, unusable
	}
	if base.Scheme != "https" && !rest.IsLocalURL(o.URL) {
		return nil, unusable
	}

	c := &Client{base: base, pageBytes: cmp.Or(o.PageBytes, maxPage)}
	c.rest = &rest.Client{HTTP: o.HTTP, Tokens: o.Tokens, Allow: c.allow, Now: o.Now}
	return c, nil
}

// allow implements rest.Allow. It allows only addresses below that of Graph with its version, so that the token goes
// nowhere else.
func (c *Client) allow(address string) (token bool, err error) {
	refused := fmt.Errorf("%w: not at %s", rest.ErrHost, c.base.Host)
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false, refused
	}
	if u.Scheme != c.base.Scheme || !strings.EqualFold(u.Host, c.base.Host) {
		return false, refused
	}
	if !strings.HasPrefix(u.Path, c.base.Path+"/") || slices.Contains(strings.Split(u.Path, "/"), "..") {
		return false, refused
	}
	return true, nil
}

// Messages lists the first messages of a channel's threads, each with its replies. A page has at most size threads;
// Graph doesn't document their order. next is "" for the first page, and otherwise Page.Next of the page before.
func (c *Client) Messages(ctx context.Context, group, channel string, size int, next string) (p Page[Message], err error) {
	if next == "" {
		top := min(max(size, 1), maxPageSize)
		next = c.addressOf("teams", group, "channels", channel, "messages") + fmt.Sprintf("?$expand=replies&$top=%d", top)
	}
	err = c.get(ctx, "GET messages", next, c.pageBytes, &p)
	return p, err
}

// Replies lists the replies in a thread. Graph doesn't document their order. next is "" for the first page, and
// otherwise Page.Next of the page before, or Message.MoreReplies.
func (c *Client) Replies(ctx context.Context, t Thread, next string) (p Page[Message], err error) {
	if next == "" {
		next = c.addressOf("teams", t.Group, "channels", t.Channel, "messages", t.Root, "replies") + fmt.Sprintf("?$top=%d", maxPageSize)
	}
	err = c.get(ctx, "GET replies", next, c.pageBytes, &p)
	return p, err
}

// Thread names a thread by the ids of its parts.
type Thread struct {
	Group   string // of the team, in Graph
	Channel string
	Root    string // the thread's first message
}

// Message returns one message of a thread. id is t.Root for the first one.
func (c *Client) Message(ctx context.Context, t Thread, id string) (m Message, err error) {
	err = c.get(ctx, "GET message", c.messageAddress(t, id), maxMessage, &m)
	return m, err
}

// Picture reads a picture that was pasted into a message. id is that of the message, and content that of the picture.
// The caller must close the answer.
func (c *Client) Picture(ctx context.Context, t Thread, id, content string) (*rest.Answer, error) {
	message := c.messageAddress(t, id)
	part := c.addressOf("hostedContents", content, "$value")
	if message == "" || part == "" { // one of the ids can't be one; open refuses the empty address
		return c.open(ctx, "GET hosted content", "", maxPicture)
	}
	address := message + strings.TrimPrefix(part, c.base.String())
	return c.open(ctx, "GET hosted content", address, maxPicture)
}

// File reads a file in SharePoint. contentURL is that of an Attachment. Graph answers with another address, at which
// the bytes are. File calls that one without a token, and only if it is on the host of the file. The caller must
// close the answer.
func (c *Client) File(ctx context.Context, contentURL string) (*rest.Answer, error) {
	share := "u!" + base64.RawURLEncoding.EncodeToString([]byte(contentURL))
	a, err := c.open(ctx, "GET file", c.addressOf("shares", share, "driveItem", "content"), maxFile)
	var e *Error
	if !errors.As(err, &e) || e.Location == "" {
		return a, err
	}
	if e.Status != http.StatusFound && e.Status != http.StatusTemporaryRedirect {
		return a, err
	}

	plain := &rest.Client{HTTP: c.rest.HTTP, Now: c.rest.Now, Allow: func(address string) (bool, error) {
		return false, checkSameHost(address, contentURL)
	}}

	a, err = plain.Open(ctx, rest.Request{
		Name:     "GET file's bytes",
		Method:   http.MethodGet,
		URL:      e.Location,
		MaxBytes: maxFile,
		Timeout:  fileTimeout,
	})
	return a, asError(err)
}

// checkSameHost checks that address is on the host of contentURL, and has https. On this machine, both may have http.
// Errors: rest.ErrHost.
func checkSameHost(address, contentURL string) error {
	to, errTo := url.Parse(address)
	from, errFrom := url.Parse(contentURL)
	refused := fmt.Errorf("%w: not where the file is", rest.ErrHost)
	if errTo != nil || errFrom != nil {
		return refused
	}
	if to.Host == "" || to.User != nil {
		return refused
	}
	if !strings.EqualFold(to.Host, from.Host) {
		return refused
	}

	isLocal := to.Scheme == from.Scheme && rest.IsLocalURL(address)
	if to.Scheme != "https" && !isLocal {
		return refused
	}

	return nil
}

// Folder returns the address of the folder with a channel's files.
// Errors: also ErrNotFound if nobody has opened the channel's files yet.
func (c *Client) Folder(ctx context.Context, group, channel string) (address string, err error) {
	return c.readWebURL(ctx, "GET files' folder", c.addressOf("teams", group, "channels", channel, "filesFolder"))
}

// Drive returns the address of a person's OneDrive; user is the Entra object id.
func (c *Client) Drive(ctx context.Context, user string) (address string, err error) {
	return c.readWebURL(ctx, "GET drive", c.addressOf("users", user, "drive"))
}

func (c *Client) readWebURL(ctx context.Context, name, address string) (string, error) {
	var at struct {
		WebURL string `json:"webUrl"`
	}
	err := c.get(ctx, name, address, maxMessage, &at)
	return at.WebURL, err
}

// messageAddress returns the address of a message of a thread; "" if one of the ids can't be an id.
func (c *Client) messageAddress(t Thread, id string) string {
	if id == t.Root {
		return c.addressOf("teams", t.Group, "channels", t.Channel, "messages", t.Root)
	}
	return c.addressOf("teams", t.Group, "channels", t.Channel, "messages", t.Root, "replies", id)
}

// addressOf returns the address of these parts, escaped, below that of Graph. It returns "" if a part is empty, or
// would change the path.
func (c *Client) addressOf(parts ...string) string {
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

func (c *Client) get(ctx context.Context, name, address string, maxBytes int64, out any) error {
	return asError(c.rest.Do(ctx, rest.Request{Name: name, Method: http.MethodGet, URL: address, MaxBytes: maxBytes}, out))
}

func (c *Client) open(ctx context.Context, name, address string, maxBytes int64) (*rest.Answer, error) {
	a, err := c.rest.Open(ctx, rest.Request{Name: name, Method: http.MethodGet, URL: address, MaxBytes: maxBytes, Timeout: fileTimeout})
	return a, asError(err)
}
