package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/bot/teams/rest"
)

// The Bot Connector is Teams' API for bots. With it Parley posts, changes and deletes its own messages, puts
// reactions on messages, and asks for members, teams and channels. It can't read messages; see package graph. Each
// organisation is served at an address of its own, the service URL, which Teams tells with each activity.

// Bounds of answers, in bytes.
const (
	maxAnswer   = 8 << 20
	maxDownload = 100 << 20
)

// downloadTimeout bounds a file's download as a whole.
const downloadTimeout = 2 * time.Minute

// Options of a Client.
type Options struct {
	AppID  string
	Tokens *rest.Tokens // for rest.BotFramework
	Hosts  *rest.Hosts
	HTTP   *http.Client // refuses redirects; see fence.NewClient
	Now    func() time.Time
}

// Client calls the Bot Connector. Safe for concurrent use. All methods block until the answer comes, ctx ends, or
// rest.DefaultTimeout is over. Their errors are *Error, whose Class says what the caller can do. service is always a
// service URL.
type Client struct {
	me   string
	rest *rest.Client
}

// New makes a client. It makes no calls yet.
func New(o Options) *Client {
	return &Client{me: BotID(o.AppID), rest: &rest.Client{HTTP: o.HTTP, Tokens: o.Tokens, Allow: o.Hosts.Check, Now: o.Now}}
}

// BotID returns the id of a bot in conversations, "28:" and its app id.
func BotID(appID string) string { return "28:" + appID }

// StartThread begins a thread in a channel, with the activity as its first message. tenant is the id of the
// organisation.
func (c *Client) StartThread(ctx context.Context, service, tenant, channel string, a Activity) (Started, error) {
	begin := beginning(service, ConversationParameters{
		IsGroup:     true,
		Bot:         &ChannelAccount{ID: c.me},
		TenantID:    tenant,
		Activity:    &a,
		ChannelData: &ChannelData{Tenant: &Ref{ID: tenant}, Channel: &ChannelRef{ID: channel}},
	})
	begin.creates = true
	return c.begin(ctx, begin)
}

// Personal returns the id of the bot's chat with a person, which it begins if there is none yet. person is "29:…";
// they must have the app, for example as a member of a team. For people who have installed the app for themselves, it
// may also be the Entra object id.
func (c *Client) Personal(ctx context.Context, service, tenant, person string) (string, error) {
	s, err := c.begin(ctx, beginning(service, ConversationParameters{
		Bot:         &ChannelAccount{ID: c.me},
		TenantID:    tenant,
		Members:     []ChannelAccount{{ID: person}},
		ChannelData: &ChannelData{Tenant: &Ref{ID: tenant}},
	}))
	return s.ID, err
}

// beginning is the call that begins a conversation.
func beginning(service string, p ConversationParameters) call {
	return call{name: "POST conversations", method: http.MethodPost, service: service, path: path{"conversations"}, body: p}
}

// begin begins a conversation.
func (c *Client) begin(ctx context.Context, l call) (s Started, err error) {
	err = c.call(ctx, l, &s)
	if err == nil && s.ID == "" {
		cause := errors.New("the answer names no conversation")
		err = asError(&rest.Failure{Call: l.name, Status: http.StatusOK, MaybeSent: true, Cause: cause}, l.creates)
	}
	return s, err
}

// Reply posts an activity in a conversation.
func (c *Client) Reply(ctx context.Context, at Conversation, a Activity) (r ResourceResponse, err error) {
	err = c.call(ctx, at.posting(a), &r)
	return r, err
}

// Update replaces one of the bot's own activities.
func (c *Client) Update(ctx context.Context, at Conversation, id string, a Activity) (r ResourceResponse, err error) {
	l := at.call(http.MethodPut, "activity", "activities", id)
	l.body = a
	err = c.call(ctx, l, &r)
	return r, err
}

// Delete deletes one of the bot's own activities.
func (c *Client) Delete(ctx context.Context, at Conversation, id string) error {
	return c.call(ctx, at.call(http.MethodDelete, "activity", "activities", id), nil)
}

// SendTargeted posts a message in a channel that only a.Recipient sees, for 24 hours.
func (c *Client) SendTargeted(ctx context.Context, at Conversation, a Activity) (r ResourceResponse, err error) {
	if a.Recipient != nil {
		to := *a.Recipient
		to.IsTargeted = true
		a.Recipient = &to
	}
	l := at.posting(a)
	l.query = targetedQuery()
	err = c.call(ctx, l, &r)
	return r, err
}

// DeleteTargeted deletes a message that SendTargeted has posted.
func (c *Client) DeleteTargeted(ctx context.Context, at Conversation, id string) error {
	l := at.call(http.MethodDelete, "activity", "activities", id)
	l.query = targetedQuery()
	return c.call(ctx, l, nil)
}

// AddReaction puts a reaction of the bot on a message. reaction is Teams' id of an emoji: "like", "1f440_eyes".
func (c *Client) AddReaction(ctx context.Context, at Conversation, id, reaction string) error {
	return c.call(ctx, at.call(http.MethodPut, "reaction", "activities", id, "reactions", reaction), nil)
}

// RemoveReaction removes a reaction of the bot from a message.
func (c *Client) RemoveReaction(ctx context.Context, at Conversation, id, reaction string) error {
	return c.call(ctx, at.call(http.MethodDelete, "reaction", "activities", id, "reactions", reaction), nil)
}

// Member describes a member of a conversation. id is "29:…" or an Entra object id.
func (c *Client) Member(ctx context.Context, at Conversation, id string) (m Member, err error) {
	err = c.call(ctx, at.call(http.MethodGet, "member", "members", id), &m)
	return m, err
}

// membersPerPage is how many members are asked for at once: Teams gives no more.
const membersPerPage = 500

// Members returns up to membersPerPage members of a conversation. continuation is "" for the first page, and otherwise
// the ContinuationToken of the page before.
func (c *Client) Members(ctx context.Context, at Conversation, continuation string) (p MemberPage, err error) {
	l := at.call(http.MethodGet, "members", "pagedmembers")
	l.query = url.Values{"pageSize": {strconv.Itoa(membersPerPage)}}
	if continuation != "" {
		l.query.Set("continuationToken", continuation)
	}
	err = c.call(ctx, l, &p)
	return p, err
}

// Team describes a team ("19:…@thread.tacv2").
func (c *Client) Team(ctx context.Context, service, id string) (t TeamDetails, err error) {
	err = c.call(ctx, call{name: "GET team", method: http.MethodGet, service: service, path: path{"teams", id}}, &t)
	return t, err
}

// Channels lists the channels of a team.
func (c *Client) Channels(ctx context.Context, service, team string) ([]ChannelInfo, error) {
	var list struct {
		Conversations []ChannelInfo `json:"conversations"`
	}
	l := call{name: "GET channels", method: http.MethodGet, service: service, path: path{"teams", team, "conversations"}}
	err := c.call(ctx, l, &list)
	return list.Conversations, err
}

// Download reads an attachment at its contentUrl, at most 100 MB. The caller must close the answer. The address must
// be one of Teams' own hosts (Options.Hosts), so that our token goes nowhere else.
func (c *Client) Download(ctx context.Context, address string) (*rest.Answer, error) {
	a, err := c.rest.Open(ctx, rest.Request{
		Name:     "GET attachment",
		Method:   http.MethodGet,
		URL:      address,
		MaxBytes: maxDownload,
		Timeout:  downloadTimeout,
	})
	return a, asError(err, false)
}

// call is a call about something in the conversation: what is its name in errors, and below its path.
func (at Conversation) call(method, what string, below ...string) call {
	return call{name: method + " " + what, method: method, service: at.Service, path: append(path{"conversations", at.ID}, below...)}
}

// posting is the call that posts an activity in the conversation.
func (at Conversation) posting(a Activity) call {
	l := at.call(http.MethodPost, "activity", "activities")
	l.body = a
	l.creates = true
	return l
}

// targetedQuery is the query of calls about a message that only one person sees.
func targetedQuery() url.Values { return url.Values{"isTargetedActivity": {"true"}} }

// errID means that a given id can't be an id: it would change the path of the call.
var errID = errors.New("connector: that isn't an id")

// path holds the parts of a path below /v3. They are escaped when the call is made.
type path []string

// call is one call of the service.
type call struct {
	name    string // for errors
	method  string
	service string
	path    path
	query   url.Values
	body    any
	creates bool // a repeated call would make a second message
}

// call makes one call of the service, and reads its answer into out.
// Errors: *Error, also for an id that would lead to another path.
func (c *Client) call(ctx context.Context, l call, out any) error {
	address := strings.TrimRight(l.service, "/") + "/v3"

	if strings.ContainsAny(l.service, "?#") {
		return asError(&rest.Failure{Call: l.name, Cause: fmt.Errorf("%w: %q", rest.ErrHost, l.service)}, false)
	}

	for _, p := range l.path {
		switch p {
		case "", ".", "..":
			return asError(&rest.Failure{Call: l.name, Cause: fmt.Errorf("%w: %q", errID, p)}, false)
		}
		address += "/" + url.PathEscape(p)
	}

	if len(l.query) > 0 {
		address += "?" + l.query.Encode()
	}

	return asError(c.rest.Do(ctx, rest.Request{
		Name:     l.name,
		Method:   l.method,
		URL:      address,
		Body:     l.body,
		MaxBytes: maxAnswer,
	}, out), l.creates)
}
