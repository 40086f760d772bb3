package messenger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

const checkTimeout = 30 * time.Second

// shortLife is the minimum remaining life of a token. A token that expires sooner is reported as a fault.
const shortLife = 7 * 24 * time.Hour

// Check implements channels.Checker. It tests an account's settings with calls to Facebook and returns one
// finding per item: the token, the app secret, the permissions, and the webhook. Items that depend on a
// faulty one are skipped.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	token := c.checkToken(ctx)
	findings := []channels.Finding{token}
	if token.OK {
		secret := c.checkSecret(ctx)
		findings = append(findings, secret)
		if secret.OK {
			findings = append(findings, checkPermissions(ctx, c)...)
		}
		findings = append(findings, c.checkSubscription(ctx).AsHookFault())
	}
	hasFault := slices.ContainsFunc(findings, func(f channels.Finding) bool { return !f.OK })
	return append(findings, c.checkAddress(ctx, !hasFault).AsHookFault())
}

// checkSecret checks that the secret belongs to the token's app.
func (c *Channel) checkSecret(ctx context.Context) channels.Finding {
	const what = "App secret"
	isWrong, err := c.graph.WrongSecret(ctx, c.page, string(c.hook.Secret))
	if isWrong {
		return channels.Finding{
			What:  what,
			Field: fieldSecret,
			Text:  "It isn't the secret of the app that made the token: what Facebook sends would be refused.",
			Hint:  "Copy it from the app dashboard of that app, App settings, Basic.",
		}
	}
	if err != nil {
		return refusedFinding(what, err)
	}
	return channels.Finding{OK: true, What: what, Text: "It is that of the token's app."}
}

// checkPermissions checks what the token may do, and for how long. It returns no finding if Facebook doesn't say: a
// missing permission then shows in later refusals.
func checkPermissions(ctx context.Context, c *Channel) []channels.Finding {
	const what = "Permissions"
	facts, err := c.graph.Token(ctx, string(c.hook.Secret))
	if err != nil {
		return nil
	}

	const makeNew = "Make the Page's token anew from a system user's token that never expires, with pages_messaging, " +
		"pages_manage_metadata and pages_read_engagement."
	if missing := facts.Missing("pages_messaging", "pages_manage_metadata"); len(missing) > 0 {
		return []channels.Finding{{
			What:  what,
			Field: fieldToken,
			Text:  "The token lacks " + strings.Join(missing, " and ") + ".",
			Hint:  makeNew,
		}}
	}

	ends := facts.EndsAt() // zero means never
	if !ends.IsZero() && ends.Sub(c.env.Now()) < shortLife {
		return []channels.Finding{{
			What:  what,
			Field: fieldToken,
			Text:  "The token ends on " + ends.Format("2 January 2006 at 15:04") + " UTC.",
			Hint:  makeNew,
		}}
	}

	return []channels.Finding{{OK: true, What: what, Text: "The token has those that are needed."}}
}

// checkAddress checks that Facebook sends webhooks to this Parley. mayAsk is false if an earlier check
// failed. Then Facebook would refuse the request, so only the presence of an address is checked.
func (c *Channel) checkAddress(ctx context.Context, mayAsk bool) channels.Finding {
	const what = "Webhook address"
	if c.env.HookURL == "" {
		e := errNoAddress()
		return channels.Finding{What: what, Text: e.Text, Hint: e.Hint}
	}
	if !mayAsk {
		return channels.Finding{OK: true, What: what, Text: c.env.HookURL}
	}

	state, err := c.FindHook(ctx)
	if err != nil {
		return refusedFinding(what, err)
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

// refusedFinding returns the finding for a failed request.
func refusedFinding(what string, err error) channels.Finding {
	e := classifyError(err)
	f := channels.Finding{What: what, Text: e.Text, Hint: e.Hint}
	switch e.Class {
	case channels.Ambiguous, channels.Retry, channels.Throttled:
		f.Text, f.Hint = "Facebook doesn't answer: "+err.Error()+".",
			"Try again; if it stays so, look whether this machine reaches graph.facebook.com."
	case channels.BadContent:
		f.Hint = "Check page_id, graph_version and the token."
	default: // the hint of the error applies
	}
	return f
}

// checkToken checks that the token belongs to the Page.
func (c *Channel) checkToken(ctx context.Context) channels.Finding {
	const what = "Page token"
	var me struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.graph.Call(ctx, http.MethodGet, "me", url.Values{"fields": {"id,name"}}, nil, &me); err != nil {
		f := refusedFinding(what, err)
		if refused, ok := errors.AsType[*graph.Error](err); ok && refused.HasCode {
			f.Field = fieldToken
		}
		if graph.IsAboutProof(err) {
			f.Field = fieldSecret
		}
		return f
	}

	if me.ID != c.page {
		return channels.Finding{
			What:  what,
			Field: fieldPage,
			Text:  fmt.Sprintf("The token belongs to %s (%s), not to the Page %s.", me.Name, me.ID, c.page),
			Hint:  "Take the token of this Page, not of a person, and check page_id.",
		}
	}

	return channels.Finding{OK: true, What: what, Text: "It is that of the Page " + me.Name + "."}
}

// checkSubscription checks which webhooks the Page sends to the app.
func (c *Channel) checkSubscription(ctx context.Context) channels.Finding {
	const what = "Webhook fields"
	hint := "Subscribe the Page: POST /" + c.page + "/subscribed_apps?subscribed_fields=" + strings.Join(neededFields(), ",") +
		" with its token (docs/messenger.md), or set the webhook on the account's page of the settings site."
	fields, subscribed, err := c.pageFields(ctx)
	if err != nil {
		return refusedFinding(what, err)
	}
	if !subscribed {
		return channels.Finding{What: what, Text: "The Page isn't subscribed to the app: nothing will arrive.", Hint: hint}
	}

	missing := slices.DeleteFunc(neededFields(), func(f string) bool { return slices.Contains(fields, f) })
	if len(missing) > 0 {
		return channels.Finding{What: what, Text: "The Page doesn't tell us: " + strings.Join(missing, ", ") + ".", Hint: hint}
	}

	return channels.Finding{OK: true, What: what, Text: "All are subscribed to."}
}
