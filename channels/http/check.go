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

// Check implements channels.Checker. It asks the callback about a message that doesn't exist, which has no effect.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	webhook := channels.Finding{OK: true, What: "webhook", Text: "Events are posted to " + c.env.HookURL + "."}
	if c.env.HookURL == "" {
		webhook.Text = "Events are posted to /hooks/" + c.account + "; files over 1 MB can't be sent, because PARLEY_PUBLIC_URL isn't set."
	}
	return []channels.Finding{webhook, c.checkCallback(ctx)}
}

// checkCallback checks that the callback responds, and how it responds to a question about a message that
// doesn't exist.
func (c *Channel) checkCallback(ctx context.Context) channels.Finding {
	const what = "callback"
	status, answer, err := c.askState(ctx, checkKey)
	switch {
	case errors.Is(err, channels.ErrPrivateAddress):
		return channels.Finding{
			What: what,
			Text: "callback_url leads into your own network.",
			Hint: `If that is meant, say so on the account's page, or write allow_private: "true" and run parley apply.`,
		}
	case err != nil:
		return channels.Finding{
			What: what,
			Text: "It can't be reached: " + err.Error(),
			Hint: "Look whether callback_url is right and its server runs.",
		}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return channels.Finding{
			What: what,
			Text: fmt.Sprintf("It refuses Parley's signature (status %d).", status),
			Hint: "Give both sides the same secret.",
		}
	case status == http.StatusNotFound && answer.Key == checkKey:
		return channels.Finding{OK: true, What: what, Text: "It answers and can be asked about messages."}
	case saysItHasMessage(status, answer):
		return channels.Finding{
			What: what,
			Text: "It says that it has a message that doesn't exist. So Parley can't believe it about others: " +
				"where its answer is lost, a person decides.",
			Hint: `Answer a GET about a key that you don't know with 404 and {"key": "…"}, or all GETs with a bare 404.`,
		}
	}
	return channels.Finding{
		OK:   true,
		What: what,
		Text: fmt.Sprintf("It answers (status %d), but can't be asked about messages: where its answer is lost, a person decides.", status),
	}
}
