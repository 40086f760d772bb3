package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"
)

// pageQuery asks for one page of a thread or channel.
type pageQuery struct {
	channel, thread string
	oldest, latest  string
	cursor          string
	limit           int
	metadata        bool
}

// kept is a message and its bytes: we read a part of them, the journal keeps all.
type kept struct {
	message
	raw json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler. A message that can't be read has only its bytes.
func (k *kept) UnmarshalJSON(raw []byte) error {
	k.raw = bytes.Clone(raw)
	if json.Unmarshal(raw, &k.message) != nil {
		k.message = message{}
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

// page reads one page, waiting as Slack asks. It decodes by itself because slack-go drops
// what it doesn't know of messages, and the journal keeps all.
func (s *Surface) page(ctx context.Context, q pageQuery) (historyPage, error) {
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
	err := s.patient(ctx, func(ctx context.Context) error {
		out = historyPage{}
		return s.call(ctx, method, values, &out)
	})
	if err != nil {
		return out, fmt.Errorf("slack: %s: %w", method, err)
	}
	return out, nil
}

// maxAnswerBytes bounds an answer of the Web API.
const maxAnswerBytes = 32 << 20

// call makes one Web API call and decodes its answer into out. Its errors are slack-go's.
func (s *Surface) call(ctx context.Context, method string, values url.Values, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.apiURL.String()+method, strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+s.opt.BotToken)
	resp, err := s.http.Do(r)
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
