package meta

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/channels"
)

// Check implements channels.Checker. It tests an account's settings with calls to Facebook and returns one
// finding per item: the token, the app secret, the permissions, and the webhook. Items that depend on a
// faulty one are skipped.
func (c *Page) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	token := c.checkPage(ctx)
	findings := []channels.Finding{token}
	if token.OK {
		secret := c.checkSecret(ctx, c.refusedFinding)
		findings = append(findings, secret)
		if secret.OK {
			findings = append(findings, c.checkToken(ctx, "pages_messaging", "pages_manage_metadata")...)
		}
		findings = append(findings, c.checkSubscription(ctx).AsHookFault())
	}
	hasFault := slices.ContainsFunc(findings, func(f channels.Finding) bool { return !f.OK })
	return append(findings, c.checkAddress(ctx, !hasFault).AsHookFault())
}

// checkAddress checks that Facebook sends webhooks to this Parley. mayAsk is false if an earlier check
// failed. Then Facebook would refuse the request, so only the presence of an address is checked.
func (c *Page) checkAddress(ctx context.Context, mayAsk bool) channels.Finding {
	const what = "Webhook address"
	if c.env.HookURL == "" {
		e := c.errNoAddress()
		return channels.Finding{What: what, Text: e.Text, Hint: e.Hint}
	}
	if !mayAsk {
		return channels.Finding{OK: true, What: what, Text: c.env.HookURL}
	}

	state, err := c.FindHook(ctx)
	if err != nil {
		return c.refusedFinding(what, err, pageHint)
	}

	for _, v := range state.Values {
		if v.Now != v.Wanted {
			return channels.Finding{
				What: what,
				Text: v.What + ": " + cmp.Or(v.Now, "none") + ".",
				Hint: "Set the webhook on the account's page of the settings site. " + state.ByHand,
			}
		}
	}

	return channels.Finding{OK: true, What: what, Text: "Facebook calls " + state.Values[0].Now + "."} // FindHook returns the callback first
}

const pageHint = "Check page_id, graph_version and the token."

// refusedFinding returns the finding for a failed request. hint is for one that Facebook finds wrong.
func (c *Page) refusedFinding(what string, err error, hint string) channels.Finding {
	e := c.classifyError(err)
	f := channels.Finding{What: what, Text: e.Text, Hint: e.Hint}
	switch e.Class {
	case channels.Ambiguous, channels.Retry, channels.Throttled:
		f.Text, f.Hint = "Facebook doesn't answer: "+err.Error()+".",
			"Try again; if it stays so, look whether this machine reaches graph.facebook.com."
	case channels.BadContent:
		f.Hint = hint
	default: // the hint of the error applies
	}
	return f
}

// checkPage checks that the token belongs to the Page.
func (c *Page) checkPage(ctx context.Context) channels.Finding {
	const what = "Page token"
	var me struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.graph.Call(ctx, http.MethodGet, "me", url.Values{"fields": {"id,name"}}, nil, &me); err != nil {
		f := c.refusedFinding(what, err, pageHint)
		if refused, ok := errors.AsType[*graphError](err); ok && refused.HasCode {
			f.Field = fieldToken
		}
		if isAboutProof(err) {
			f.Field = fieldSecret
		}
		return f
	}

	if me.ID != c.id {
		return channels.Finding{
			What:  what,
			Field: fieldPage,
			Text:  fmt.Sprintf("The token belongs to %s (%s), not to the Page %s.", me.Name, me.ID, c.id),
			Hint:  "Take the token of this Page, not of a person, and check page_id.",
		}
	}

	return channels.Finding{OK: true, What: what, Text: "It is that of the Page " + me.Name + "."}
}

// checkSubscription checks which webhooks the Page sends to the app.
func (c *Page) checkSubscription(ctx context.Context) channels.Finding {
	const what = "Webhook fields"
	hint := "Subscribe the Page: POST /" + c.id + "/subscribed_apps?subscribed_fields=" + strings.Join(neededPageFields(), ",") +
		" with its token (docs/messenger.md), or set the webhook on the account's page of the settings site."
	fields, subscribed, err := c.pageFields(ctx)
	if err != nil {
		return c.refusedFinding(what, err, pageHint)
	}
	if !subscribed {
		return channels.Finding{What: what, Text: "The Page isn't subscribed to the app: nothing will arrive.", Hint: hint}
	}

	missing := missingFields(neededPageFields(), fields)
	if len(missing) > 0 {
		return channels.Finding{What: what, Text: "The Page doesn't tell us: " + strings.Join(missing, ", ") + ".", Hint: hint}
	}

	return channels.Finding{OK: true, What: what, Text: "All are subscribed to."}
}
