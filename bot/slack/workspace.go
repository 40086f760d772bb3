package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/channels/pause"
)

// Limits of calls.
const (
	requestTimeout = 20 * time.Second // of one Web API call
	maxFileBytes   = 1 << 30          // Slack's own limit of one file
)

// workspace is the Web API of one Slack workspace, as our app calls it.
type workspace struct {
	api    *slackapi.Client
	http   *http.Client
	apiURL *url.URL
	token  string // of the bot
	log    *slog.Logger
	now    func() time.Time

	me      atomic.Pointer[fact.Self]
	resolve sync.Mutex // one identification at a time
}

// pageQuery asks for one page of a thread or channel.
type pageQuery struct {
	channel, thread string
	oldest, latest  string
	cursor          string
	limit           int
	metadata        bool
}

// kept is a message with its bytes: we read some of its fields, and the journal keeps all of them.
type kept struct {
	fact.Message
	raw json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler. A message that can't be read has only its bytes.
func (k *kept) UnmarshalJSON(raw []byte) error {
	k.raw = bytes.Clone(raw)
	if json.Unmarshal(raw, &k.Message) != nil {
		k.Message = fact.Message{}
	}
	return nil
}

// historyPage is one page of messages.
type historyPage struct {
	Messages []kept `json:"messages"`
	HasMore  bool   `json:"has_more"`
	Meta     struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

func (h historyPage) next() string {
	if !h.HasMore {
		return ""
	}
	return h.Meta.Cursor
}

// stamp gives Slack's form of a time.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// page reads one page, waiting as Slack asks. It decodes the answer itself because slack-go drops
// fields of messages that it doesn't know, and the journal keeps all of them.
func (w *workspace) page(ctx context.Context, q pageQuery) (historyPage, error) {
	method, limit := "conversations.history", max(q.limit, 0)
	values := url.Values{"channel": {q.channel}, "inclusive": {"true"}}
	if q.thread != "" {
		method = "conversations.replies"
		values.Set("ts", q.thread)
	}
	if limit == 0 {
		limit = 900
	}
	values.Set("limit", strconv.Itoa(limit))
	for k, v := range map[string]string{"oldest": q.oldest, "latest": q.latest, "cursor": q.cursor} {
		if v != "" {
			values.Set(k, v)
		}
	}
	if q.metadata {
		values.Set("include_all_metadata", "true")
	}
	var out historyPage
	err := w.patient(ctx, func(ctx context.Context) error {
		out = historyPage{}
		return w.call(ctx, method, values, &out)
	})
	if err != nil {
		return out, fmt.Errorf("slack: %s: %w", method, err)
	}
	return out, nil
}

// maxAnswerBytes bounds an answer of the Web API.
const maxAnswerBytes = 32 << 20

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
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
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
			return errBlank
		}
		return slackapi.SlackErrorResponse{Err: state.Error}
	}
	return json.Unmarshal(raw, out)
}

// identify learns who we are, once.
// Errors: those of auth.test and bots.info.
func (w *workspace) identify(ctx context.Context) (*fact.Self, error) {
	if me := w.me.Load(); me != nil {
		return me, nil
	}
	w.resolve.Lock()
	defer w.resolve.Unlock()
	if me := w.me.Load(); me != nil {
		return me, nil
	}
	auth, err := w.api.AuthTestContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("slack: auth.test: %w", err)
	}
	bot, err := w.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: auth.BotID})
	if err != nil {
		return nil, fmt.Errorf("slack: bots.info: %w", err)
	}
	// Slack may not tell the app's id. Then the signing secret or the app token alone shows that something is for us.
	if auth.UserID == "" || auth.TeamID == "" || auth.BotID == "" {
		return nil, errors.New("slack: who am I: an id is missing in Slack's answer")
	}
	me := &fact.Self{User: auth.UserID, Bot: auth.BotID, App: bot.AppID, Team: auth.TeamID, Home: blockkit.Home(auth.URL)}
	w.me.Store(me)
	return me, nil
}

// Workspace is the id of the workspace that the app is in (T…).
// Errors: those of auth.test and bots.info.
func (w *workspace) Workspace(ctx context.Context) (string, error) {
	me, err := w.identifyWithin(ctx, 10*time.Second)
	if err != nil {
		return "", err
	}
	return me.Team, nil
}

func (w *workspace) identifyWithin(ctx context.Context, d time.Duration) (*fact.Self, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return w.identify(ctx)
}

// patient makes a read and repeats it after the wait for which Slack asks, if ctx doesn't end before.
// Each try has its own timeout.
func (w *workspace) patient(ctx context.Context, call func(context.Context) error) error {
	for tries := 1; ; tries++ {
		err := func() error {
			ctx, cancel := context.WithTimeout(ctx, requestTimeout)
			defer cancel()
			return call(ctx)
		}()
		if err == nil {
			return nil
		}
		wait, limited := throttle(err)
		if !limited {
			if !passing(err) || tries >= 4 {
				return err
			}
			wait = time.Duration(tries) * 500 * time.Millisecond
		}
		if ends, ok := ctx.Deadline(); ok && time.Until(ends) < wait || !pause.For(ctx, wait) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// ownHost says whether the token may go to an address: to Slack's own hosts, and to exactly the configured API's.
func (w *workspace) ownHost(u *url.URL) bool {
	if u.Scheme == w.apiURL.Scheme && u.Host == w.apiURL.Host {
		return true
	}
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Host)
	for _, own := range []string{"slack.com", "slack-gov.com"} {
		if host == own || strings.HasSuffix(host, "."+own) {
			return true
		}
	}
	return false
}
