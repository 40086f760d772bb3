package graphfake

// business has the methods by which tests add objects to the emulator, and change them: WhatsApp business accounts with their
// numbers and templates, and Pages.
type business struct{ *ground }

// waba is a WhatsApp business account: some numbers, and the templates that they share. An app subscribes to it to get
// webhooks about the account and its numbers. It is guarded by ground.mu, which must be held to call methods ending in Locked.
type waba struct {
	b         *business
	id        string
	numbers   []*Number
	templates []*Template
	override  string // callback for webhooks about its messages; "" means the app's callback
}

// maxCallbackBytes is the maximum length of a callback's URL.
const maxCallbackBytes = 200

// wabaLocked returns a business account, and creates it if it doesn't exist.
func (b *business) wabaLocked(id string) *waba {
	if w, ok := b.nodes[id].(*waba); ok {
		return w
	}
	w := &waba{b: b, id: id}
	b.nodes[id] = w
	return w
}

func (w *waba) ownerID() string { return w.id }

func (w *waba) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET phone_numbers":
		return route{"whatsapp.numbers", w.listNumbers}, true
	case "GET subscribed_apps":
		return route{"whatsapp.subscriptions", w.listApps}, true
	case "POST subscribed_apps":
		return route{"whatsapp.subscribe", w.subscribe}, true
	case "GET message_templates":
		return route{"whatsapp.templates", w.listTemplates}, true
	case "POST message_templates":
		return route{"whatsapp.template.create", w.createTemplate}, true
	case "DELETE message_templates":
		return route{"whatsapp.template.delete", w.deleteTemplate}, true
	}

	return route{}, false
}

// listNumbers returns the requested fields of each number.
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

// notifyLocked queues a webhook about the business account itself. It is sent to the app's callback even if the business
// account has its own, which gets only webhooks about messages.
func (w *waba) notifyLocked(routeName, field string, value map[string]any) {
	if w.override == "" {
		w.notifyAt("", routeName, field, value)
		return
	}
	if callback := w.b.apps[businessObject].callback; callback != "" {
		w.notifyAt(callback, routeName, field, value)
	}
}

// notifyAt queues a webhook to a callback; "" means the subscription's callback. It may be called with or without the lock.
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

// listApps returns the app if it is subscribed, or otherwise an empty list.
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

// subscribe subscribes the app. Webhooks are sent to the callback in the call, or by default to the app's own (AppCallback). The
// callback must return a challenge first.
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

// ForgetApp removes the app's callbacks, as if they had never been set.
func (b *business) ForgetApp() { b.change(func() { clear(b.apps) }) }

// AppCallback sets the app's callback for WhatsApp, as in Meta's App Dashboard. It gets the webhooks of business accounts
// whose subscription has no callback.
func (b *business) AppCallback(callback, verifyToken string) {
	b.change(func() {
		b.apps[businessObject] = appHook{
			callback: callback,
			verify:   verifyToken,
			fields:   objectFields(businessObject),
		}
	})
}
