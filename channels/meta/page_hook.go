package meta

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

var _ channels.Hooked = (*Page)(nil)

// neededPageFields returns the webhook fields (kinds of events) to which the app must be subscribed.
func neededPageFields() []string {
	return []string{"messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads",
		"message_reactions", "message_edits", "messaging_referrals", "messaging_policy_enforcement"}
}

// pageHookFacts describes where Facebook sends the Page's webhooks. Two settings decide that: the app has one
// callback for all its Pages, and each Page is subscribed to the app. Both have a list of webhook fields.
type pageHookFacts struct {
	appHook

	page []string // the fields that the Page sends to the app; empty if it isn't subscribed
}

// FindHook implements channels.Hooked.
func (c *Page) FindHook(ctx context.Context) (channels.HookState, error) {
	facts, err := c.findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}

	return channels.HookState{
		Values: []channels.HookValue{
			{
				What:   "Callback of the app " + facts.app.Name + ", for all its Pages",
				Now:    facts.sub.Callback,
				Wanted: callbackFor(facts.sub.Callback, c.env),
			},
			facts.fields(),
			{
				What:   "What the Page tells the app",
				Now:    listFields(facts.page),
				Wanted: listFields(neededPageFields(), facts.page),
			},
		},
		ByHand: "In Meta's app dashboard, Messenger, API settings: " +
			"set the callback URL " + c.env.HookURL + " with the verify token of this account, subscribe it to " +
			strings.Join(neededPageFields(), ", ") + ", and add the Page there with the same fields.",
	}, nil
}

// findHook asks Facebook where the Page's webhooks go.
func (c *Page) findHook(ctx context.Context) (pageHookFacts, error) {
	var facts pageHookFacts
	var err error
	if facts.appHook, err = c.findAppHook(ctx, pageObject, neededPageFields()); err != nil {
		return facts, c.classifyError(err)
	}
	if facts.page, _, err = c.pageFields(ctx); err != nil {
		return facts, c.classifyError(err)
	}
	return facts, nil
}

// pageFields returns the fields that the Page sends to the token's app, and whether the Page is subscribed at
// all.
func (c *Page) pageFields(ctx context.Context) (fields []string, isSubscribed bool, err error) {
	var answer struct {
		Data []struct {
			Fields []string `json:"subscribed_fields"`
		} `json:"data"`
	}
	err = c.graph.Call(ctx, http.MethodGet, c.id+"/subscribed_apps", nil, nil, &answer)
	if err != nil || len(answer.Data) == 0 {
		return nil, false, err
	}
	return answer.Data[0].Fields, true, nil // with a Page token, Facebook lists only the app of that token
}

// SetHook implements channels.Hooked. It first sets the app's callback, if that is wrong or lacks fields, and
// then subscribes the Page. Fields that were subscribed to before are kept, since other programs may need
// them. A callback that is set is always this account's own, since another account's has another verify token.
func (c *Page) SetHook(ctx context.Context) error {
	facts, err := c.findHook(ctx)
	if err != nil {
		return err
	}

	if err := c.setAppHook(ctx, pageObject, facts.appHook); err != nil {
		return c.hookError(*c.classifyError(err))
	}
	fields := uniteFields(neededPageFields(), facts.page)
	query := url.Values{"subscribed_fields": {strings.Join(fields, ",")}}
	if err := c.graph.Call(ctx, http.MethodPost, c.id+"/subscribed_apps", query, nil, nil); err != nil {
		return c.hookError(*c.classifyError(err))
	}

	return nil
}
