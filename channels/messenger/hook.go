package messenger

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
	"parley/channels/graph"
)

var _ channels.Hooked = (*Channel)(nil)

// neededFields returns the webhook fields (kinds of events) to which the app must be subscribed.
func neededFields() []string {
	return []string{"messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads",
		"message_reactions", "message_edits", "messaging_referrals", "messaging_policy_enforcement"}
}

// hookFacts describes where Facebook sends the Page's webhooks. Two settings decide that: the app has one
// callback for all its Pages, and each Page is subscribed to the app. Both have a list of webhook fields.
type hookFacts struct {
	app  *graph.App
	sub  graph.Subscription // the app's callback and fields
	page []string           // the fields that the Page sends to the app; empty if it isn't subscribed
}

// FindHook implements channels.Hooked.
func (c *Channel) FindHook(ctx context.Context) (channels.HookState, error) {
	facts, err := c.findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}

	subscribed := facts.sub.FieldNames()
	return channels.HookState{
		Values: []channels.HookValue{
			{
				What:   "Callback of the app " + facts.app.Name + ", for all its Pages",
				Now:    facts.sub.Callback,
				Wanted: graph.Callback(facts.sub.Callback, c.env),
			},
			{
				What:   "What the app is told",
				Now:    graph.ListFields(subscribed),
				Wanted: graph.ListFields(neededFields(), subscribed),
			},
			{
				What:   "What the Page tells the app",
				Now:    graph.ListFields(facts.page),
				Wanted: graph.ListFields(neededFields(), facts.page),
			},
		},
		ByHand: "In Meta's app dashboard, Messenger, API settings: " +
			"set the callback URL " + c.env.HookURL + " with the verify token of this account, subscribe it to " +
			strings.Join(neededFields(), ", ") + ", and add the Page there with the same fields.",
	}, nil
}

// findHook asks Facebook where the Page's webhooks go.
func (c *Channel) findHook(ctx context.Context) (hookFacts, error) {
	if c.env.HookURL == "" {
		return hookFacts{}, errNoAddress()
	}

	var facts hookFacts
	var err error
	if facts.app, err = c.graph.App(ctx, string(c.hook.Secret)); err != nil {
		return facts, classifyError(err)
	}
	if facts.sub, err = facts.app.Subscription(ctx, pageObject); err != nil {
		return facts, classifyError(err)
	}

	facts.page, _, err = c.pageFields(ctx)
	if err != nil {
		return facts, classifyError(err)
	}

	return facts, nil
}

func errNoAddress() *channels.SendError {
	return &channels.SendError{Class: channels.BadContent, Text: "Facebook can't reach this Parley: it has no public address.",
		Hint: "Set PARLEY_PUBLIC_URL to an https address that leads here."}
}

// pageFields returns the fields that the Page sends to the token's app, and whether the Page is subscribed at
// all.
func (c *Channel) pageFields(ctx context.Context) (fields []string, isSubscribed bool, err error) {
	var answer struct {
		Data []struct {
			Fields []string `json:"subscribed_fields"`
		} `json:"data"`
	}
	err = c.graph.Call(ctx, http.MethodGet, c.page+"/subscribed_apps", nil, nil, &answer)
	if err != nil || len(answer.Data) == 0 {
		return nil, false, err
	}
	return answer.Data[0].Fields, true, nil // with a Page token, Facebook lists only the app of that token
}

// SetHook implements channels.Hooked. It first sets the app's callback, if that is wrong or lacks fields, and
// then subscribes the Page. Fields that were subscribed to before are kept, since other programs may need
// them. A callback that is set is always this account's own, since another account's has another verify token.
func (c *Channel) SetHook(ctx context.Context) error {
	facts, err := c.findHook(ctx)
	if err != nil {
		return err
	}

	isRight := graph.Callback(facts.sub.Callback, c.env) == facts.sub.Callback
	if !isRight || !facts.sub.HasFields(neededFields()...) {
		fields := graph.UniteFields(neededFields(), facts.sub.FieldNames())
		if err := facts.app.Subscribe(ctx, pageObject, c.env.HookURL, c.hook.VerifyToken, fields); err != nil {
			return hookError(err)
		}
	}

	fields := graph.UniteFields(neededFields(), facts.page)
	query := url.Values{"subscribed_fields": {strings.Join(fields, ",")}}
	if err := c.graph.Call(ctx, http.MethodPost, c.page+"/subscribed_apps", query, nil, nil); err != nil {
		return hookError(err)
	}

	return nil
}

// hookError returns the error for a webhook that could not be set.
func hookError(err error) *channels.SendError {
	e := *classifyError(err)
	if graph.IsUnverified(err) {
		e.Class, e.Text = channels.Retry, "Facebook called this Parley and did not get the right answer."
		e.Hint = "Its address must be reachable from the internet by https. Try again in some seconds: " +
			"a new account is ready a moment after it was added."
	}
	return &e
}
