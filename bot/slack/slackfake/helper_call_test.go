package slackfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"parley/channels/emulator"
)

// call makes a raw form call, so that tests see what the wire carries.
func (w *world) call(method, token string, args url.Values) (status int, head http.Header, body map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.srv.APIURL()+method, strings.NewReader(args.Encode()))
	noError(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := emulator.NewClient().Do(req)
	noError(w.t, err)
	defer res.Body.Close()
	noError(w.t, json.NewDecoder(res.Body).Decode(&body))
	return res.StatusCode, res.Header, body
}

// callAsBot makes a call with the bot's token and returns the body of its answer. pairs are names and values of
// arguments.
func (w *world) callAsBot(method string, pairs ...string) (body dict) {
	w.t.Helper()
	_, _, body = w.call(method, w.srv.BotToken(), args(pairs...))
	return body
}

// faultsOf returns what Slack's validator says in an answer.
func faultsOf(body dict) (faults []string) {
	list, _ := field(body, "response_metadata")["messages"].([]any)
	for _, fault := range list {
		faults = append(faults, strings.TrimPrefix(fmt.Sprint(fault), "[ERROR] "))
	}
	return faults
}

// args makes form values from pairs.
func args(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// sections is a list of n blocks with texts of so many characters.
func sections(n, runes int) string {
	var b []string
	for range n {
		b = append(b, fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, strings.Repeat("x", runes)))
	}
	return "[" + strings.Join(b, ",") + "]"
}
