package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/channels/wire"
)

// Limits of calls.
const (
	requestTimeout = 20 * time.Second // one Web API call
	maxFileBytes   = 1 << 30          // Slack's limit for one file
)

// workspace calls Slack's Web API for one workspace, with our bot's token. The other parts of the package embed it. It extends
// the library slack-go: readPage returns messages with their complete JSON, retryRead retries failed reads, and identify
// returns the ids of our bot.
type workspace struct {
	api     *slackapi.Client
	http    *http.Client
	apiURL  *url.URL
	token   string // the bot token, "xoxb-…"
	log     *slog.Logger
	now     func() time.Time // Parley's clock
	desk    forms.Engine
	sweeper *forms.Sweeper // reads Slack's history for missed events

	self        atomic.Pointer[Self] // nil until identify has succeeded
	identifying sync.Mutex           // held while identify asks Slack
}

// pageQuery selects one page of messages from a thread, or from the top level of a channel. A stamp is Slack's time stamp of a
// message, "1700000000.000100", which also identifies the message in its channel.
type pageQuery struct {
	channel  string // C…
	thread   string // stamp of the thread's root; "" for the top level
	oldest   string // stamp of the first message, inclusive; "" means no limit
	latest   string // stamp of the last message, inclusive; "" means no limit
	cursor   string // from the previous page; "" for the first page
	limit    int    // messages per page; 0 means defaultPage
	metadata bool   // include the metadata of all apps
}

// defaultPage is the number of messages per page. Slack allows 999.
const defaultPage = 900

// messageQuery selects a single message of a thread. Slack may also return the thread's root.
func messageQuery(at bridge.Place, thread string) pageQuery {
	return pageQuery{channel: at.Channel, thread: thread, oldest: at.Message, latest: at.Message, limit: 2}
}

// rawMessage is a message with its complete JSON, which is stored. fact.Message has only the fields that we use.
type rawMessage struct {
	Message
	raw json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler. It never fails: if the message can't be decoded, only raw is set.
func (m *rawMessage) UnmarshalJSON(raw []byte) error {
	m.raw = bytes.Clone(raw)
	if json.Unmarshal(raw, &m.Message) != nil {
		m.Message = Message{}
	}
	return nil
}

// historyPage is one page of messages. Another page follows if there is a cursor; has_more is not reliable.
// Source: the published description of the Web API (2021), conversations.replies.
type historyPage struct {
	Messages []rawMessage `json:"messages"`
	Meta     struct {
		Next string `json:"next_cursor"` // "" after the last page
	} `json:"response_metadata"`
}

// formatStamp formats a time as a stamp. Stamps can be compared as strings.
func formatStamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// readPage reads one page of messages, with retries (see retryRead). It doesn't use slack-go, which drops unknown fields.
func (w *workspace) readPage(ctx context.Context, q pageQuery) (historyPage, error) {
	method := "conversations.history"
	values := url.Values{
		"channel":   {q.channel},
		"inclusive": {"true"},
		"limit":     {strconv.Itoa(cmp.Or(q.limit, defaultPage))},
	}
	if q.thread != "" {
		method = "conversations.replies"
		values.Set("ts", q.thread)
	}

	for name, value := range map[string]string{"oldest": q.oldest, "latest": q.latest, "cursor": q.cursor} {
		if value != "" {
			values.Set(name, value)
		}
	}

	if q.metadata {
		values.Set("include_all_metadata", "true")
	}

	page, err := retryRead(ctx, func(ctx context.Context) (page historyPage, err error) {
		err = w.call(ctx, method, values, &page)
		return page, err
	})
	if err != nil {
		return page, fmt.Errorf("slack: %s: %w", method, err)
	}

	return page, nil
}

// maxResponseBytes limits a response of the Web API.
const maxResponseBytes = 32 << 20

// call makes one Web API call and decodes the response into out. It returns the error types of slack-go.
func (w *workspace) call(ctx context.Context, method string, values url.Values, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.apiURL.String()+method, strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}

	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	if resp.StatusCode == http.StatusTooManyRequests {
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err != nil {
			return slackapi.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
		}
		return &slackapi.RateLimitedError{RetryAfter: time.Duration(seconds) * time.Second}
	}

	if resp.StatusCode != http.StatusOK {
		return slackapi.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}

	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxResponseBytes))
	if err != nil {
		return err
	}

	var state struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		return fmt.Errorf("slack: answer: %w", err)
	}

	if !state.OK {
		if state.Error == "" {
			return ErrEmptyAnswer
		}
		return slackapi.SlackErrorResponse{Err: state.Error}
	}

	return json.Unmarshal(raw, out)
}

// identify returns the ids of our user, bot, app and team in the workspace. The first successful result is cached.
// Errors: those of auth.test and bots.info.
func (w *workspace) identify(ctx context.Context) (*Self, error) {
	if self := w.self.Load(); self != nil {
		return self, nil
	}

	w.identifying.Lock()
	defer w.identifying.Unlock()

	if self := w.self.Load(); self != nil {
		return self, nil
	}

	auth, err := w.api.AuthTestContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("slack: auth.test: %w", err)
	}

	if isOfOrganisation(auth.TeamID) {
		return nil, OrganisationToken()
	}

	bot, err := w.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: auth.BotID})
	if err != nil {
		return nil, fmt.Errorf("slack: bots.info: %w", err)
	}

	// Slack may omit the app's id, so it isn't required; see fact.Self.IsForUs.
	needed := []string{auth.UserID, auth.TeamID, auth.BotID}
	if slices.Contains(needed, "") {
		return nil, errors.New("slack: who am I: an id is missing in Slack's answer")
	}

	self := &Self{User: auth.UserID, Bot: auth.BotID, App: bot.AppID, Team: auth.TeamID, Home: blockkit.Home(auth.URL)}
	w.self.Store(self)
	return self, nil
}

// isOfOrganisation reports whether a team id is that of a whole Enterprise organisation (E…) instead of a workspace (T…). The
// app is then installed for all workspaces of the organisation.
func isOfOrganisation(team string) bool { return strings.HasPrefix(team, "E") }

// workspaceTimeout limits the time of Workspace.
const workspaceTimeout = 10 * time.Second

// Workspace returns the id of the workspace that the app is in (T…).
// Errors: those of auth.test and bots.info.
func (w *workspace) Workspace(ctx context.Context) (string, error) {
	self, err := w.identifyWithin(ctx, workspaceTimeout)
	if err != nil {
		return "", err
	}
	return self.Team, nil
}

func (w *workspace) identifyWithin(ctx context.Context, timeout time.Duration) (*Self, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return w.identify(ctx)
}

const (
	maxReads     = 4                      // attempts, not counting those that were rate-limited
	readWaitStep = 500 * time.Millisecond // added to the wait with each attempt
)

// retryRead calls read until it succeeds, and retries after temporary failures, until maxReads attempts have failed. Rate limits
// are retried without limit. Between attempts it waits as long as Slack asks, or otherwise longer each time. It gives up if
// the deadline of ctx would pass before the next attempt. read must be safe to repeat.
func retryRead[T any](ctx context.Context, read func(context.Context) (T, error)) (out T, err error) {
	failures := 0 // without rate limits
	for {
		err = withTimeout(ctx, requestTimeout, func(ctx context.Context) (err error) {
			out, err = read(ctx)
			return err
		})
		if err == nil {
			return out, nil
		}

		wait, isRateLimited := RateLimit(err)
		if !isRateLimited {
			failures++
			if !IsTemporary(err) || failures >= maxReads {
				return out, err
			}
			wait = time.Duration(failures) * readWaitStep
		}

		deadline, hasDeadline := ctx.Deadline()
		isTooLong := hasDeadline && time.Until(deadline) < wait
		if isTooLong || !wire.For(ctx, wait) {
			return out, errors.Join(err, ctx.Err())
		}
	}
}

func withTimeout(ctx context.Context, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}

// isTrusted reports whether the token may be sent to a URL: only to Slack's hosts and the configured API.
func (w *workspace) isTrusted(u *url.URL) bool {
	if u.Scheme == w.apiURL.Scheme && u.Host == w.apiURL.Host {
		return true
	}
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Host)
	return slices.ContainsFunc([]string{"slack.com", "slack-gov.com"}, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}
