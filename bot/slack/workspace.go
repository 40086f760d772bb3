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

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bridge"
	"parley/channels/pause"
)

// Limits of calls.
const (
	requestTimeout = 20 * time.Second // of one Web API call
	maxFileBytes   = 1 << 30          // Slack's own limit of one file
)

// workspace calls the Web API of one Slack workspace with our bot's token. The other parts of the package embed it.
// It adds to slack-go: whole messages as JSON (readPage), repeated reads (retryRead), and who we are (identify).
type workspace struct {
	api    *slackapi.Client
	http   *http.Client
	apiURL *url.URL
	token  string // of the bot, "xoxb-…"
	log    *slog.Logger
	now    func() time.Time // Parley's clock

	self        atomic.Pointer[fact.Self] // nil until identify has learned who we are
	identifying sync.Mutex                // only one goroutine asks at a time
}

// pageQuery asks for one page of a thread, or of a channel's top level.
type pageQuery struct {
	channel  string // its id, C…
	thread   string // stamp of its root; "" means the top level
	oldest   string // stamps ("1700000000.000100") of the first and last message wanted, both included; "" means no limit
	latest   string
	cursor   string // where the page before ended; "" for the first page
	limit    int    // messages in a page; 0 means defaultPage
	metadata bool   // with the metadata of all apps
}

// defaultPage is how many messages are read at once. Slack allows 999.
const defaultPage = 900

// messageQuery asks for a single message of a thread. Slack may return the root beside it.
func messageQuery(at bridge.Place, thread string) pageQuery {
	return pageQuery{channel: at.Channel, thread: thread, oldest: at.Message, latest: at.Message, limit: 2}
}

// rawMessage is a message together with its JSON. We read some of its fields; the stored fact keeps all of them.
type rawMessage struct {
	fact.Message
	raw json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler. If the message can't be read, only raw is set, and there is no error.
func (m *rawMessage) UnmarshalJSON(raw []byte) error {
	m.raw = bytes.Clone(raw)
	if json.Unmarshal(raw, &m.Message) != nil {
		m.Message = fact.Message{}
	}
	return nil
}

// historyPage is one page of messages. Only a cursor says that another one follows, not has_more.
// Source: the published description of the Web API (2021), conversations.replies.
type historyPage struct {
	Messages []rawMessage `json:"messages"`
	Meta     struct {
		Next string `json:"next_cursor"` // "" after the last page
	} `json:"response_metadata"`
}

// formatStamp writes a time as a stamp: seconds and microseconds, "1700000000.000100". Stamps sort as texts.
func formatStamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// readPage reads one page. It waits as long as Slack's rate limit asks, and repeats a call that fails for a moment
// (see retryRead). It decodes the answer itself because slack-go drops message fields that it doesn't know.
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

	for k, v := range map[string]string{"oldest": q.oldest, "latest": q.latest, "cursor": q.cursor} {
		if v != "" {
			values.Set(k, v)
		}
	}

	if q.metadata {
		values.Set("include_all_metadata", "true")
	}

	var out historyPage
	err := w.retryRead(ctx, func(ctx context.Context) error {
		out = historyPage{}
		return w.call(ctx, method, values, &out)
	})
	if err != nil {
		return out, fmt.Errorf("slack: %s: %w", method, err)
	}

	return out, nil
}

// maxResponseBytes bounds an answer of the Web API.
const maxResponseBytes = 32 << 20

// call makes one Web API call and decodes its answer into out. Its errors are slack-go's.
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
			return refusal.ErrEmptyAnswer
		}
		return slackapi.SlackErrorResponse{Err: state.Error}
	}

	return json.Unmarshal(raw, out)
}

// identify returns who we are in the workspace: the ids of our user, bot, app and team. It asks Slack until that
// succeeded once, and then returns what it learned.
// Errors: those of auth.test and bots.info.
func (w *workspace) identify(ctx context.Context) (*fact.Self, error) {
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
		return nil, refusal.OrganisationToken()
	}

	bot, err := w.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: auth.BotID})
	if err != nil {
		return nil, fmt.Errorf("slack: bots.info: %w", err)
	}

	// Slack may not tell the app's id, so that is not needed; see fact.Self.IsForUs.
	needed := []string{auth.UserID, auth.TeamID, auth.BotID}
	if slices.Contains(needed, "") {
		return nil, errors.New("slack: who am I: an id is missing in Slack's answer")
	}

	self := &fact.Self{User: auth.UserID, Bot: auth.BotID, App: bot.AppID, Team: auth.TeamID, Home: blockkit.Home(auth.URL)}
	w.self.Store(self)
	return self, nil
}

// isOfOrganisation reports whether a team id is that of a whole Enterprise organisation (E…) rather than a workspace
// (T…). Then the app was installed for all its workspaces.
func isOfOrganisation(team string) bool { return strings.HasPrefix(team, "E") }

// workspaceTimeout bounds the question which workspace the app is in.
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

func (w *workspace) identifyWithin(ctx context.Context, timeout time.Duration) (*fact.Self, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return w.identify(ctx)
}

// Tries of a read that fails for another reason than a rate limit, and how much longer each wait is.
const (
	maxReads     = 4
	readWaitStep = 500 * time.Millisecond
)

// retryRead makes a read. It repeats the read after a temporary failure, up to maxReads times in all, and without
// limit while Slack limits the rate. Before each repetition it waits: as long as Slack asks, or longer with each try.
// It gives up when ctx would end before the next try.
func (w *workspace) retryRead(ctx context.Context, read func(context.Context) error) error {
	for try := 1; ; try++ {
		err := withTimeout(ctx, requestTimeout, read)
		if err == nil {
			return nil
		}

		wait, limited := refusal.RateLimit(err)
		if !limited {
			if !refusal.IsTemporary(err) || try >= maxReads {
				return err
			}
			wait = time.Duration(try) * readWaitStep
		}

		if hasDeadlineWithin(ctx, wait) || !pause.For(ctx, wait) {
			return errors.Join(err, ctx.Err())
		}
	}
}

func withTimeout(ctx context.Context, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}

// hasDeadlineWithin reports whether ctx has a deadline that comes earlier than wait from now.
func hasDeadlineWithin(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < wait
}

// isTrusted reports whether the token may be sent to an address: to Slack's own hosts and the configured API.
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
