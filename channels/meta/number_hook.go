package meta

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

var _ channels.Hooked = (*Number)(nil)

// neededFields returns the webhook fields (kinds of events) that the channel reads.
func neededFields() []string {
	return []string{"account_alerts", "account_update", "message_template_quality_update", "message_template_status_update", "messages",
		"phone_number_quality_update", "smb_message_echoes", "template_category_update", "user_preferences"}
}

// hookFacts describes where Meta sends the number's webhooks. Three callbacks can be set. Messages go to the
// callback of the number or, if it has none, to that of the business account (called WABA by Meta) or, if
// that has none, to that of the app. Changes of templates and of the account always go to the callback of the
// app.
// Source: Cloud API, "Webhook overrides".
type hookFacts struct {
	appHook

	subscribed bool   // whether the business account sends its webhooks to the app
	override   string // the callback of the business account; "" if none is set
	number     string // the callback of the number; "" if none is set
}

// FindHook implements channels.Hooked. The first value is the callback for messages to the business account.
func (c *Number) FindHook(ctx context.Context) (channels.HookState, error) {
	facts, err := c.findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}

	now := facts.override
	if now == "" && facts.subscribed {
		now = facts.sub.Callback
	}

	what := "Callback for messages to the business account " + c.waba
	values := []channels.HookValue{{What: what, Now: now, Wanted: callbackFor(now, c.env)}}
	if facts.number != "" {
		what := "Callback of the number itself, which comes before that"
		values = append(values, channels.HookValue{What: what, Now: facts.number, Wanted: callbackFor(facts.number, c.env)})
	}

	values = append(values, facts.appValues(c.env)...)
	byHand := "In Meta's App Dashboard, WhatsApp, Configuration: set the callback URL " + c.env.HookURL +
		" with the verify token of this account, subscribe to " + strings.Join(neededFields(), ", ") +
		"; then send POST /" + c.waba + "/subscribed_apps with a token that has whatsapp_business_management."
	return channels.HookState{Values: values, ByHand: byHand}, nil
}

// appValues returns the app's callback and fields, as they are and as Parley needs them. If another program
// uses the app, the callback is left unchanged, and so are the fields as long as they include messages.
func (f hookFacts) appValues(env channels.Env) []channels.HookValue {
	what := "Callback of the app " + f.app.Name + ", for news about templates and the account"
	callback := channels.HookValue{What: what, Now: f.sub.Callback, Wanted: f.sub.Callback}
	fields := f.fields()
	if !f.isOfOtherProgram(env) {
		callback.Wanted = callbackFor(callback.Now, env)
	} else if f.sub.HasFields("messages") {
		fields.Wanted = fields.Now
	}
	return []channels.HookValue{callback, fields}
}

// isOfOtherProgram reports whether the app's callback belongs to another program. Parley never changes that.
func (f hookFacts) isOfOtherProgram(env channels.Env) bool {
	return f.sub.Callback != "" && !isOfParley(f.sub.Callback, env)
}

// findHook asks Meta for all callbacks that may receive the number's webhooks.
func (c *Number) findHook(ctx context.Context) (hookFacts, error) {
	var facts hookFacts
	var err error
	if facts.appHook, err = c.findAppHook(ctx, businessObject, neededFields()); err != nil {
		return facts, c.hookErrorOf(err)
	}

	apps, err := c.subscribedApps(ctx)
	if err != nil {
		return facts, c.hookErrorOf(err)
	}

	for _, a := range apps {
		if string(a.App.ID) == facts.app.ID {
			facts.subscribed = true
			facts.override = a.Override
		}
	}

	var number struct {
		Hooks struct {
			Number string `json:"phone_number"`
		} `json:"webhook_configuration"`
	}
	if err := c.graph.Call(ctx, http.MethodGet, c.id, url.Values{"fields": {"webhook_configuration"}}, nil, &number); err != nil {
		return facts, c.hookErrorOf(err)
	}

	facts.number = number.Hooks.Number
	return facts, nil
}

// subscribedApp is an app to which the business account sends its webhooks.
type subscribedApp struct {
	App struct {
		ID   loose `json:"id"`
		Name loose `json:"name"`
	} `json:"whatsapp_business_api_data"`
	Override string `json:"override_callback_uri"`
}

func (c *Number) subscribedApps(ctx context.Context) ([]subscribedApp, error) {
	var page struct {
		Data []subscribedApp `json:"data"`
	}
	err := c.graph.Call(ctx, http.MethodGet, c.waba+"/subscribed_apps", nil, nil, &page)
	return page.Data, err
}

// SetHook implements channels.Hooked. It sets the callback of the app, unless another program uses the app,
// then that of the business account, and then that of the number if the number has one of its own. A callback
// that is set is always this account's own, since another account's has another verify token.
func (c *Number) SetHook(ctx context.Context) error {
	facts, err := c.findHook(ctx)
	if err != nil {
		return err
	}

	verify := c.hook.VerifyToken
	if !facts.isOfOtherProgram(c.env) {
		if err := c.setAppHook(ctx, businessObject, facts.appHook); err != nil {
			return c.hookErrorOf(err)
		}
	}

	isOfAnotherAccount := facts.override != c.env.HookURL && callbackFor(facts.override, c.env) == facts.override
	if !isOfAnotherAccount {
		override := object{"override_callback_uri": c.env.HookURL, "verify_token": verify}
		if err := c.graph.Call(ctx, http.MethodPost, c.waba+"/subscribed_apps", nil, override, nil); err != nil {
			return c.hookErrorOf(err)
		}
	}
	if facts.number == "" || callbackFor(facts.number, c.env) == facts.number {
		return nil
	}

	callback := object{"webhook_configuration": object{"override_callback_uri": c.env.HookURL, "verify_token": verify}}
	if err := c.graph.Call(ctx, http.MethodPost, c.id, nil, callback, nil); err != nil {
		return c.hookErrorOf(err)
	}

	return nil
}

// hookErrorOf returns the error for a webhook that could not be read or set.
func (c *Number) hookErrorOf(err error) *channels.SendError {
	e := c.hookError(*callError(c, err))
	e.Hint = cmp.Or(e.Hint, "The token needs whatsapp_business_management.")
	return e
}
