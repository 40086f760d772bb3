package whatsapp

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
	"parley/channels/graph"
)

var _ channels.Hooked = (*Channel)(nil)

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
	app        *graph.App
	sub        graph.Subscription // the app's callback and fields
	subscribed bool               // whether the business account sends its webhooks to the app
	override   string             // the callback of the business account; "" if none is set
	number     string             // the callback of the number; "" if none is set
}

// FindHook implements channels.Hooked. The first value is the callback for messages to the business account.
func (c *Channel) FindHook(ctx context.Context) (channels.HookState, error) {
	facts, err := c.findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}

	now := facts.override
	if now == "" && facts.subscribed {
		now = facts.sub.Callback
	}

	what := "Callback for messages to the business account " + c.waba
	values := []channels.HookValue{{What: what, Now: now, Wanted: graph.Callback(now, c.env)}}
	if facts.number != "" {
		what := "Callback of the number itself, which comes before that"
		values = append(values, channels.HookValue{What: what, Now: facts.number, Wanted: graph.Callback(facts.number, c.env)})
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
	subscribed := f.sub.FieldNames()
	fields := channels.HookValue{
		What:   "What the app is told",
		Now:    graph.ListFields(subscribed),
		Wanted: graph.ListFields(neededFields(), subscribed),
	}

	if !f.isOfOtherProgram(env) {
		callback.Wanted = graph.Callback(callback.Now, env)
	} else if f.sub.HasFields("messages") {
		fields.Wanted = fields.Now
	}
	return []channels.HookValue{callback, fields}
}

// isOfOtherProgram reports whether the app's callback belongs to another program. Parley never changes that.
func (f hookFacts) isOfOtherProgram(env channels.Env) bool {
	return f.sub.Callback != "" && !graph.IsOfParley(f.sub.Callback, env)
}

// findHook asks Meta for all callbacks that may receive the number's webhooks.
func (c *Channel) findHook(ctx context.Context) (hookFacts, error) {
	var facts hookFacts
	if c.env.HookURL == "" {
		return facts, channels.RefuseContent("WhatsApp can't reach this Parley: it has no public address.",
			"Set PARLEY_PUBLIC_URL to an https address that leads here.")
	}

	var err error
	if facts.app, err = c.graph.App(ctx, string(c.hook.Secret)); err != nil {
		return facts, c.hookError(err)
	}
	if facts.sub, err = facts.app.Subscription(ctx, businessObject); err != nil {
		return facts, c.hookError(err)
	}

	apps, err := c.subscribedApps(ctx)
	if err != nil {
		return facts, c.hookError(err)
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
	if err := c.graph.Call(ctx, http.MethodGet, c.phone, url.Values{"fields": {"webhook_configuration"}}, nil, &number); err != nil {
		return facts, c.hookError(err)
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

func (c *Channel) subscribedApps(ctx context.Context) ([]subscribedApp, error) {
	var page struct {
		Data []subscribedApp `json:"data"`
	}
	err := c.graph.Call(ctx, http.MethodGet, c.waba+"/subscribed_apps", nil, nil, &page)
	return page.Data, err
}

// SetHook implements channels.Hooked. It sets the callback of the app, unless another program uses the app,
// then that of the business account, and then that of the number if the number has one of its own. A callback
// that is set is always this account's own, since another account's has another verify token.
func (c *Channel) SetHook(ctx context.Context) error {
	facts, err := c.findHook(ctx)
	if err != nil {
		return err
	}

	verify := c.hook.VerifyToken
	isRight := graph.Callback(facts.sub.Callback, c.env) == facts.sub.Callback
	isComplete := isRight && facts.sub.HasFields(neededFields()...)
	if !isComplete && !facts.isOfOtherProgram(c.env) {
		fields := graph.UniteFields(neededFields(), facts.sub.FieldNames())
		if err := facts.app.Subscribe(ctx, businessObject, c.env.HookURL, verify, fields); err != nil {
			return c.hookError(err)
		}
	}

	isOfAnotherAccount := facts.override != c.env.HookURL && graph.Callback(facts.override, c.env) == facts.override
	if !isOfAnotherAccount {
		override := object{"override_callback_uri": c.env.HookURL, "verify_token": verify}
		if err := c.graph.Call(ctx, http.MethodPost, c.waba+"/subscribed_apps", nil, override, nil); err != nil {
			return c.hookError(err)
		}
	}
	if facts.number == "" || graph.Callback(facts.number, c.env) == facts.number {
		return nil
	}

	callback := object{"webhook_configuration": object{"override_callback_uri": c.env.HookURL, "verify_token": verify}}
	if err := c.graph.Call(ctx, http.MethodPost, c.phone, nil, callback, nil); err != nil {
		return c.hookError(err)
	}

	return nil
}

// hookError returns the error for a webhook that could not be read or set.
func (c *Channel) hookError(err error) *channels.SendError {
	e := *callError(c, err)
	if graph.IsUnverified(err) {
		e.Class = channels.Retry
		e.Text = "Meta called this Parley and did not get the right answer."
		e.Hint = "Its address must be reachable from the internet by https. Try again in some seconds: " +
			"a new account is ready a moment after it was added."
	} else if e.Class == channels.Ambiguous {
		e.Class = channels.Retry
		e.Text, e.Hint = "WhatsApp didn't answer in time.", "Try again."
	}
	e.Hint = cmp.Or(e.Hint, "The token needs whatsapp_business_management.")
	return &e
}
