package teamsfake_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
)

// A bot may post into a thread 7 times a second, 8 times in two seconds and 60 times in half a minute. A further call is
// refused with the time to wait. Reactions have limits of their own.
func TestRateWindows(t *testing.T) {
	const in1s, in2s, in30s = 7, 8, 60
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, Limits: true, TokenLife: 240 * time.Hour})
	root := w.postCard(card(textBlock("hello")))
	wantReplies := func(n, want int) {
		t.Helper()
		for i := range n {
			status, _ := w.botReplies(root, obj{"text": "x"})
			wantEqual(t, fmt.Sprint("status of call ", i+1), status, want)
		}
	}

	wantReplies(in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)
	c.advance(time.Second)
	wantReplies(in2s-in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)

	c.advance(2 * time.Second)
	for sent := in2s; sent < in30s; {
		n := min(in1s, in30s-sent)
		wantReplies(n, http.StatusCreated)
		sent += n
		if sent < in30s {
			wantReplies(1, http.StatusTooManyRequests)
		}
		c.advance(2 * time.Second)
	}

	wantReplies(1, http.StatusTooManyRequests)
	answer, err := w.postBare(root)
	noError(t, err)
	wantEqual(t, "status of one call too many", answer.status, http.StatusTooManyRequests)
	wantEqual(t, "it tells how long to wait", answer.retryAfter != "", true)

	path := "conversations/" + conv(tickets, root) + "/activities/" + root + "/reactions/like"
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		w.wantCall(fmt.Sprint("reaction ", i+1), "PUT", path, nil, want)
	}

	c.advance(time.Hour)
	wantReplies(in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)
}

// bareAnswer is the unchecked answer to a post.
type bareAnswer struct {
	status     int
	body       string
	retryAfter string
}

// postBare posts a reply as the bot, and doesn't check the answer.
func (w *world) postBare(root string) (bareAnswer, error) {
	w.t.Helper()
	address := w.srv.ServiceURL() + "v3/conversations/" + conv(tickets, root) + "/activities"
	req := must(http.NewRequestWithContext(w.ctx, "POST", address, strings.NewReader(`{"type":"message","text":"x"}`)))(w.t)
	req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return bareAnswer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return bareAnswer{status: res.StatusCode, body: string(body), retryAfter: res.Header.Get("Retry-After")}, err
}
