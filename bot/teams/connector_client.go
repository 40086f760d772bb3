package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/channels"
)

// The Bot Connector is Teams' API for bots. Through it, Parley posts, changes and deletes its own messages, puts
// reactions on messages, and lists members, teams and channels. It can't read messages; see graph*.go. Each
// organisation has its own address, the service URL, which Teams sends with each activity.

// Bounds of answers, in bytes.
const (
	maxAnswer   = 8 << 20
	maxDownload = 100 << 20
)

// downloadTimeout bounds a file's download as a whole.
const downloadTimeout = 2 * time.Minute

// ConnectorOptions of a Client.
type ConnectorOptions struct {
	AppID  string
	Tokens *Tokens // for rest.BotFramework
	Hosts  *Hosts
	HTTP   *http.Client // refuses redirects; see fence.NewClient
	Now    func() time.Time
}

// Client calls the Bot Connector. Safe for concurrent use. All methods block until the response arrives, ctx ends, or
// rest.DefaultTimeout has passed. Their errors are *Error, whose Class says what the caller can do. The parameter
// service is always a service URL.
type Client struct {
	botID string
	rest  *RestClient
}

// NewConnector makes a client. It makes no requests yet.
func NewConnector(o ConnectorOptions) *Client {
	return &Client{botID: BotID(o.AppID), rest: &RestClient{HTTP: o.HTTP, Tokens: o.Tokens, Allow: o.Hosts.Check, Now: o.Now}}
}

// BotID returns the id of a bot in conversations: "28:" and its app id.
func BotID(appID string) string { return "28:" + appID }

// StartThread begins a thread in a channel with the activity as its first message. tenant is the id of the
// organisation.
func (c *Client) StartThread(ctx context.Context, service, tenant, channel string, a Activity) (Started, error) {
	request := beginCall(service, ConversationParameters{
		IsGroup: true, Bot: &ChannelAccount{ID: c.botID}, TenantID: tenant, Activity: &a,
		ChannelData: &ChannelData{Tenant: &Ref{ID: tenant}, Channel: &ChannelRef{ID: channel}},
	})
	request.creates = true
	return c.begin(ctx, request)
}

// Personal returns the id of the bot's chat with a person. It begins the chat if there is none yet. person is "29:…";
// the person must have the app, for example as a member of a team. For people who have installed the app for
// themselves, person may also be their Entra object id.
func (c *Client) Personal(ctx context.Context, service, tenant, person string) (string, error) {
	started, err := c.begin(ctx, beginCall(service, ConversationParameters{
		Bot: &ChannelAccount{ID: c.botID}, TenantID: tenant, Members: []ChannelAccount{{ID: person}},
		ChannelData: &ChannelData{Tenant: &Ref{ID: tenant}},
	}))
	return started.ID, err
}

// beginCall returns the call that begins a conversation.
func beginCall(service string, p ConversationParameters) call {
	return call{name: "POST conversations", method: http.MethodPost, service: service, path: connectorPath{"conversations"}, body: p}
}

// begin begins a conversation.
// Errors: also that the response has no id. Then the conversation may have been begun.
func (c *Client) begin(ctx context.Context, request call) (started Started, err error) {
	if err := c.call(ctx, request, &started); err != nil {
		return started, err
	}
	if started.ID == "" {
		cause := errors.New("the answer names no conversation")
		failure := &Failure{Call: request.name, Status: http.StatusOK, MaybeSent: true, Cause: cause}
		return started, asError(failure, request.creates)
	}
	return started, nil
}

// Reply posts an activity in a conversation.
func (c *Client) Reply(ctx context.Context, at Conversation, a Activity) (r ResourceResponse, err error) {
	err = c.call(ctx, at.posting(a), &r)
	return r, err
}

// Update replaces one of the bot's own activities.
func (c *Client) Update(ctx context.Context, at Conversation, id string, a Activity) (r ResourceResponse, err error) {
	request := at.call(http.MethodPut, "activity", "activities", id)
	request.body = a
	err = c.call(ctx, request, &r)
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
	request := at.posting(a)
	request.query = targetedQuery()
	err = c.call(ctx, request, &r)
	return r, err
}

// DeleteTargeted deletes a message that SendTargeted has posted.
func (c *Client) DeleteTargeted(ctx context.Context, at Conversation, id string) error {
	request := at.call(http.MethodDelete, "activity", "activities", id)
	request.query = targetedQuery()
	return c.call(ctx, request, nil)
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

// membersPerPage is the largest page of members that Teams returns.
const membersPerPage = 500

// Members returns a page of the members of a conversation. continuation is "" for the first page, and otherwise the
// ContinuationToken of the previous page.
func (c *Client) Members(ctx context.Context, at Conversation, continuation string) (p MemberPage, err error) {
	request := at.call(http.MethodGet, "members", "pagedmembers")
	request.query = url.Values{"pageSize": {strconv.Itoa(membersPerPage)}}
	if continuation != "" {
		request.query.Set("continuationToken", continuation)
	}
	err = c.call(ctx, request, &p)
	return p, err
}

// Team describes a team ("19:…@thread.tacv2").
func (c *Client) Team(ctx context.Context, service, id string) (t TeamDetails, err error) {
	err = c.call(ctx, call{name: "GET team", method: http.MethodGet, service: service, path: connectorPath{"teams", id}}, &t)
	return t, err
}

// Channels lists the channels of a team.
func (c *Client) Channels(ctx context.Context, service, team string) ([]ChannelInfo, error) {
	var list struct {
		Conversations []ChannelInfo `json:"conversations"`
	}
	request := call{name: "GET channels", method: http.MethodGet, service: service, path: connectorPath{"teams", team, "conversations"}}
	err := c.call(ctx, request, &list)
	return list.Conversations, err
}

// Download reads an attachment at its contentUrl, at most 100 MB. The caller must close the answer. The address must
// be on one of Teams' own hosts (Options.Hosts), so that our token is sent nowhere else.
func (c *Client) Download(ctx context.Context, address string) (*Answer, error) {
	answer, err := c.rest.Open(ctx, Request{
		Name: "GET attachment", Method: http.MethodGet, URL: address, MaxBytes: maxDownload, Timeout: downloadTimeout,
	})
	const creates = false
	return answer, asError(err, creates)
}

// call returns a request about something in the conversation. what names it in errors, and elements are its path below
// the conversation's.
func (at Conversation) call(method, what string, elements ...string) call {
	return call{name: method + " " + what, method: method, service: at.Service, path: append(connectorPath{"conversations", at.ID},
		elements...)}
}

// posting returns the request that posts an activity in the conversation.
func (at Conversation) posting(a Activity) call {
	request := at.call(http.MethodPost, "activity", "activities")
	request.body = a
	request.creates = true
	return request
}

// targetedQuery returns the query of requests about a message that only one person sees.
func targetedQuery() url.Values { return url.Values{"isTargetedActivity": {"true"}} }

// errID means that a given id can't be an id, because it would change the path of the request.
var errID = errors.New("connector: that isn't an id")

// path holds the elements of a path below /v3, not escaped.
type connectorPath []string

// call describes one request to the service.
type call struct {
	name    string // for errors
	method  string
	service string
	path    connectorPath
	query   url.Values
	body    any
	creates bool // repeating the request would make a second message
}

// address returns the URL of a request.
// Errors: the service isn't a plain URL, or an element of the path would lead to another path.
func (l call) address() (string, error) {
	if strings.ContainsAny(l.service, "?#") {
		return "", fmt.Errorf("%w: %q", ErrHost, l.service)
	}

	address := strings.TrimRight(l.service, "/") + "/v3"
	for _, p := range l.path {
		switch p {
		case "", ".", "..":
			return "", fmt.Errorf("%w: %q", errID, p)
		}
		address += "/" + url.PathEscape(p)
	}
	if len(l.query) > 0 {
		address += "?" + l.query.Encode()
	}
	return address, nil
}

// call makes a request and reads the response into out.
// Errors: *Error.
func (c *Client) call(ctx context.Context, l call, out any) error {
	address, err := l.address()
	if err != nil {
		const creates = false // nothing was sent
		return asError(&Failure{Call: l.name, Cause: err}, creates)
	}
	return asError(c.rest.Do(ctx, Request{
		Name: l.name, Method: l.method, URL: address, Body: l.body, MaxBytes: maxAnswer,
	}, out), l.creates)
}

// Error is a failed request to the Bot Connector, Teams' API for bots. The embedded Failure says how it failed. Class
// says what the caller can do:
//
//	Retry, Throttled       try again, or wait first
//	Ambiguous              find out whether the message was posted before trying again
//	AuthBroken             fix the app's credentials
//	BadRecipient           give up on this conversation
//	BadContent             give up on this message
type Error struct {
	Failure
	Class channels.Class
}

// Error implements error.
func (e *Error) Error() string { return e.Failure.Error() }

// Unwrap returns the failure for errors.As.
func (e *Error) Unwrap() error { return &e.Failure }

// Ambiguous reports whether the request may or may not have had its effect.
func (e *Error) Ambiguous() bool { return e.Class == channels.Ambiguous }

// Codes in Teams' error responses.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes
// from bot conversational APIs", read 2026-11.
const (
	CodeNotInRoster   = "BotNotInConversationRoster"
	CodeDisabled      = "BotDisabledByAdmin"
	CodeBlocked       = "ConversationBlockedByUser"
	CodeWritesBlocked = "MessageWritesBlocked"
	CodeAccessDenied  = "209" // ThreadAccessDenied, if there is no more precise code
	CodeWrongHost     = "InvalidBotApiHost"
	CodeNoActivity    = "ActivityNotFoundInConversation"
	CodeUnexplained   = "ServiceError" // with a 403, the message may be deleted. Source: GitHub BotFramework-Services#269
)

// asError turns a rest.Failure into an *Error. creates means that repeating the request would make a second message.
func asError(err error, creates bool) error {
	var e *Failure
	if err == nil || !errors.As(err, &e) {
		return err
	}
	return &Error{Failure: *e, Class: classifyFailure(e, creates)}
}

// classifyFailure returns the class of a failure. A request that can be repeated safely is never Ambiguous. Microsoft
// says not to retry after a 500, but the error may have occurred after the message was stored. So if the request
// creates something, a 500 is Ambiguous.
func classifyFailure(e *Failure, creates bool) channels.Class {
	maybeDone := channels.Retry // the class of a request that may have had its effect
	if creates {
		maybeDone = channels.Ambiguous
	}
	if errors.Is(e, ErrCredentials) || errors.Is(e, ErrNoSecret) {
		return channels.AuthBroken
	}
	if errors.Is(e, ErrHost) || errors.Is(e, errID) {
		return channels.BadRecipient
	}
	if e.Status == 0 && !e.MaybeSent {
		return channels.Retry
	}
	if e.Status < http.StatusMultipleChoices { // no response (0), or a success whose body was cut off
		return maybeDone
	}

	switch e.Status {
	case http.StatusTooManyRequests:
		return channels.Throttled
	case http.StatusPreconditionFailed:
		return channels.Retry
	case http.StatusUnauthorized:
		return channels.AuthBroken
	case http.StatusForbidden, http.StatusNotFound:
		return classifyCode(e.Code)
	case http.StatusInternalServerError:
		if creates {
			return channels.Ambiguous
		}
		return channels.BadContent
	case http.StatusRequestTimeout:
		return maybeDone
	}

	if e.Status > http.StatusNotImplemented {
		return maybeDone
	}

	return channels.BadContent
}

// classifyCode returns the class of a 403 or 404 with this code of Teams.
func classifyCode(code string) channels.Class {
	switch code {
	case CodeWrongHost: // a setting is wrong, not the conversation
		return channels.AuthBroken
	case CodeNoActivity:
		return channels.BadContent
	}
	return channels.BadRecipient
}
