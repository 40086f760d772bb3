package graphfake

// business is what the app's owner has at Meta: WhatsApp business accounts with their numbers and templates, Pages
// and files.
type business struct{ *ground }

// waba is a WhatsApp business account: some numbers, and the templates that they share. An app subscribes to it to
// get webhooks about the account and its numbers. ground.mu guards it; functions whose name ends in Locked need the
// lock held.
type waba struct {
	b         *business
	id        string
	numbers   []*Number
	templates []*Template
	override  string // where the webhooks about its messages go; "" means the app's callback
}

// maxCallbackBytes is how long a callback's address may be.
const maxCallbackBytes = 200

// wabaLocked finds or makes a business account.
func (b *business) wabaLocked(id string) *waba {
	if w, ok := b.nodes[id].(*waba); ok {
		return w
	}
	w := &waba{b: b, id: id}
	b.nodes[id] = w
	return w
}

// ownerID implements node.
func (w *waba) ownerID() string { return w.id }

// findRoute implements node: it lists the calls that Graph knows of a business account.
func (w *waba) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"whatsapp.waba", w.get}, true
	case "GET phone_numbers":
		return route{"whatsapp.numbers", w.listNumbers}, true
	case "GET subscribed_apps":
		return route{"whatsapp.subscriptions", w.listApps}, true
	case "POST subscribed_apps":
		return route{"whatsapp.subscribe", w.subscribe}, true
	case "DELETE subscribed_apps":
		return route{"whatsapp.unsubscribe", w.unsubscribeApp}, true
	case "GET message_templates":
		return route{"whatsapp.templates", w.listTemplates}, true
	case "POST message_templates":
		return route{"whatsapp.template.create", w.createTemplate}, true
	case "DELETE message_templates":
		return route{"whatsapp.template.delete", w.deleteTemplate}, true
	}

	return route{}, false
}

// get answers with the fields of the business account that the caller asks for.
// Source: facebook/openapi, GET /{WABA-ID} and /{WhatsApp-Business-Account-ID}.
func (w *waba) get(c *call) (any, *APIError) {
	fields := nodeFields{
		kind:     "WhatsAppBusinessAccount",
		id:       w.id,
		defaults: "name,currency,timezone_id",
		all: map[string]any{
			"account_review_status":        "APPROVED",
			"business_verification_status": nil,
			"country":                      nil,
			"currency":                     "USD",
			"message_template_namespace":   nil,
			"name":                         "Acme",
			"ownership_type":               nil,
			"primary_business_location":    nil,
			"timezone_id":                  "1",
		},
	}
	return fields.choose(c)
}

// listNumbers answers with the fields that the caller asks for, of each number.
func (w *waba) listNumbers(c *call) (any, *APIError) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()

	data := []any{}
	for _, n := range w.numbers {
		one, err := n.fieldsLocked().choose(c)
		if err != nil {
			return nil, err
		}
		data = append(data, one)
	}
	return map[string]any{"data": data}, nil
}

// notifyLocked queues a webhook about the business account itself. It goes to the app's callback even if the business
// account has a callback of its own, because that gets only webhooks about messages.
func (w *waba) notifyLocked(routeName, field string, value map[string]any) {
	if w.override == "" {
		w.notifyAt("", routeName, field, value)
		return
	}
	if callback := w.b.apps[businessObject].callback; callback != "" {
		w.notifyAt(callback, routeName, field, value)
	}
}

// notifyAt queues a webhook to a callback; "" means the callback of the subscription. It needs no lock.
func (w *waba) notifyAt(callback, routeName, field string, value map[string]any) {
	w.b.hooks.notify(field, hook{
		route:  routeName,
		to:     callback,
		object: businessObject,
		entry:  w.id,
		key:    "changes",
		at:     w.b.clock().Unix(),
		item:   map[string]any{"field": field, "value": value},
	})
}

// listApps answers with the app if it is subscribed, and else with no app.
func (w *waba) listApps(*call) (any, *APIError) {
	if _, isSubscribed := w.b.hooks.findSubscription(w.id); !isSubscribed {
		return map[string]any{"data": []any{}}, nil
	}

	id := w.b.opts.AppID
	app := map[string]any{
		"whatsapp_business_api_data": map[string]any{
			"id":   id,
			"name": "Parley",
			"link": "https://www.facebook.com/games/?app_id=" + id,
		},
	}

	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	if w.override != "" {
		app["override_callback_uri"] = w.override
	}
	return map[string]any{"data": []any{app}}, nil
}

// subscribe subscribes the app. Webhooks go to the callback that the call names, or else to the app's own
// (AppCallback). Before that, the callback must prove that it knows the token.
func (w *waba) subscribe(c *call) (any, *APIError) {
	var in struct {
		Callback string `json:"override_callback_uri"`
		Token    string `json:"verify_token"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}

	w.b.mu.Lock()
	app := w.b.apps[businessObject]
	w.b.mu.Unlock()

	to, token := app.callback, app.verify
	if in.Callback != "" {
		to, token = in.Callback, in.Token
	}
	if len(to) > maxCallbackBytes {
		return nil, invalidError("override_callback_uri has at most 200 characters.")
	}
	if to == "" {
		return nil, invalidError("The app has no callback URL.")
	}
	if err := w.b.hooks.subscribeAt(c.r.Context(), w.id, to, token); err != nil {
		return nil, unverifiedError(err)
	}

	w.b.change(func() { w.override = in.Callback })
	return map[string]any{"success": true}, nil
}

// unsubscribeApp ends the app's subscription, and forgets the account's own callback.
func (w *waba) unsubscribeApp(*call) (any, *APIError) {
	w.b.hooks.Unsubscribe(w.id)
	w.b.change(func() { w.override = "" })
	return map[string]any{"success": true}, nil
}

// ForgetApp removes the callbacks that were set for the app, as if its dashboard had never been filled in.
func (b *business) ForgetApp() { b.change(func() { clear(b.apps) }) }

// AppCallback sets the app's own callback for WhatsApp, as the App Dashboard does. Business accounts whose
// subscription names no callback send their webhooks there.
func (b *business) AppCallback(callback, verifyToken string) {
	b.change(func() {
		b.apps[businessObject] = appHook{
			callback: callback,
			verify:   verifyToken,
			fields:   objectFields(businessObject),
		}
	})
}
