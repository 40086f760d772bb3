package http

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"parley/channels"
)

// checkKey is a key that no message has.
const checkKey = "parley-doctor"

// Check implements channels.Checker. It asks the callback about a message that doesn't exist, which changes
// nothing.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	webhook := channels.Finding{OK: true, What: "webhook", Text: "Events are posted to " + c.env.HookURL + "."}
	if c.env.HookURL == "" {
		webhook.Text = "Events are posted to /hooks/" + c.account + "; files over 1 MB can't be sent, because PARLEY_PUBLIC_URL isn't set."
	}
	return []channels.Finding{webhook, c.checkCallback(ctx)}
}

func (c *Channel) checkCallback(ctx context.Context) channels.Finding {
	f := channels.Finding{What: "callback"}
	status, s, err := c.askState(ctx, checkKey)
	switch {
	case errors.Is(err, channels.ErrPrivateAddress):
		f.Text, f.Hint = "callback_url leads into your own network.", `If that is meant, say so on the account's page, or write allow_private: "true" and run parley apply.`
	case err != nil:
		f.Text, f.Hint = "It can't be reached: "+err.Error(), "Look whether callback_url is right and its server runs."
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Text, f.Hint = fmt.Sprintf("It refuses Parley's signature (status %d).", status), "Give both sides the same secret."
	case status == http.StatusNotFound && s.Key == checkKey:
		f.OK, f.Text = true, "It answers and can be asked about messages."
	case isThere(status, s):
		f.Text = "It says that it has a message that doesn't exist. So Parley can't believe it about others: where its answer is lost, a person decides."
		f.Hint = `Answer a GET about a key that you don't know with 404 and {"key": "…"}, or all GETs with a bare 404.`
	default:
		f.OK, f.Text = true, fmt.Sprintf("It answers (status %d), but can't be asked about messages: where its answer is lost, a person decides.", status)
	}

	return f
}
