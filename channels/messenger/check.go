package messenger

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
)

// checkTimeout bounds Check.
const checkTimeout = 30 * time.Second

// neededFields returns the webhook fields to which the app must be subscribed.
func neededFields() []string {
	return []string{"messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads",
		"message_reactions", "message_edits", "messaging_referrals"}
}

// Check implements channels.Checker.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	token := c.checkToken(ctx)
	findings := []channels.Finding{token}
	if token.OK {
		findings = append(findings, c.checkSubscription(ctx))
	}
	if c.env.HookURL == "" {
		findings = append(findings, channels.Finding{What: "Webhook address", Text: "Facebook can't reach this Parley.",
			Hint: "Set PARLEY_PUBLIC_URL to an https address that leads here."})
	} else {
		findings = append(findings, channels.Finding{OK: true, What: "Webhook address", Text: c.env.HookURL})
	}
	return findings
}

// refused returns a finding about a request that failed.
func refused(what string, err error) channels.Finding {
	e := classify(err)
	f := channels.Finding{What: what, Text: e.Text, Hint: e.Hint}
	switch e.Class {
	case channels.Ambiguous, channels.Retry, channels.Throttled:
		f.Text, f.Hint = "Facebook doesn't answer: "+err.Error()+".", "Try again; if it stays so, look whether this machine reaches graph.facebook.com."
	case channels.BadContent:
		f.Hint = "Check page_id, graph_version and the token."
	default: // the error has a hint of its own
	}
	return f
}

// checkToken checks that the token is the Page's.
func (c *Channel) checkToken(ctx context.Context) channels.Finding {
	const what = "Page token"
	var me struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.graph.Call(ctx, http.MethodGet, "me", url.Values{"fields": {"id,name"}}, nil, &me); err != nil {
		return refused(what, err)
	}
	if me.ID != c.page {
		return channels.Finding{What: what, Text: fmt.Sprintf("The token belongs to %s (%s), not to the Page %s.", me.Name, me.ID, c.page),
			Hint: "Take the token of this Page, not of a person, and check page_id."}
	}
	return channels.Finding{OK: true, What: what, Text: "It is that of the Page " + me.Name + "."}
}

// checkSubscription checks which webhooks the app gets from the Page.
func (c *Channel) checkSubscription(ctx context.Context) channels.Finding {
	const what = "Webhook fields"
	var answer struct {
		Data []struct {
			Name   string   `json:"name"`
			Fields []string `json:"subscribed_fields"`
		} `json:"data"`
	}
	hint := "Subscribe the Page: POST /" + c.page + "/subscribed_apps?subscribed_fields=" + strings.Join(neededFields(), ",") +
		" with its token (docs/messenger.md)."
	if err := c.graph.Call(ctx, http.MethodGet, c.page+"/subscribed_apps", nil, nil, &answer); err != nil {
		return refused(what, err)
	}
	if len(answer.Data) == 0 {
		return channels.Finding{What: what, Text: "The Page isn't subscribed to the app: nothing will arrive.", Hint: hint}
	}
	// With a Page token one sees the token's app only, not other apps that are subscribed too.
	missing := slices.DeleteFunc(neededFields(), func(f string) bool { return slices.Contains(answer.Data[0].Fields, f) })
	if len(missing) > 0 {
		return channels.Finding{What: what, Text: "The Page doesn't tell us: " + strings.Join(missing, ", ") + ".", Hint: hint}
	}
	return channels.Finding{OK: true, What: what, Text: "All are subscribed to."}
}
