package graphfake

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// codeLife is how long the code of a sign-up may be exchanged.
const codeLife = 10 * time.Minute

// signedUp is what a person granted in the dialog.
type signedUp struct {
	redirect string
	wabas    []string
	until    time.Time
	used     bool
}

const dialogPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Facebook</title></head>
<body><h1>Continue with Facebook (emulated)</h1>
<p>Acme Help wants to manage your WhatsApp accounts.</p>
<form method="post">
{{range .}}<p><label><input name="waba" type="checkbox" value="{{.}}" checked> WhatsApp account {{.}}</label></p>{{end}}
<button name="answer" value="allow">Finish</button> <button name="answer" value="cancel">Cancel</button>
</form></body></html>`

// dialog is the page on which a person signs up (Facebook Login for Business with a configuration).
// Source: Facebook Login, "Manually build a login flow"; WhatsApp, "Embedded Signup".
func (a *api) dialog(c *call) (any, *APIError) {
	q := c.req.Query
	redirect, err := url.Parse(q.Get("redirect_uri"))
	refuse := func(text string) (any, *APIError) {
		c.req.Status = http.StatusBadRequest
		http.Error(c.w, text, http.StatusBadRequest)
		return nil, nil
	}
	switch {
	case q.Get("client_id") != a.opts.AppID:
		return refuse("Invalid App ID: The provided app ID does not look like a valid app ID.")
	case err != nil || redirect.Host == "" || a.opts.Redirect != "" && redirect.String() != a.opts.Redirect:
		return refuse("URL blocked: This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings.")
	case q.Get("config_id") != a.opts.SignUpConfig:
		return refuse("Sorry, something went wrong: the configuration does not exist.")
	case q.Get("response_type") != "code" || q.Get("override_default_response_type") != "true":
		return refuse("Sorry, something went wrong: system user tokens need response_type=code.")
	}
	if c.req.Method == http.MethodGet {
		a.mu.Lock()
		var ids []string
		for id, n := range a.nodes {
			if _, ok := n.(*waba); ok {
				ids = append(ids, id)
			}
		}
		a.mu.Unlock()
		slices.Sort(ids)
		c.req.Status = http.StatusOK
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = template.Must(template.New("").Parse(dialogPage)).Execute(c.w, ids) // whoever asked may be gone
		return nil, nil
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return refuse("Unreadable form")
	}
	back := redirect.Query()
	if state := q.Get("state"); state != "" {
		back.Set("state", state)
	}
	if form.Get("answer") == "allow" {
		a.change(func() {
			code := a.word(40)
			a.codes[code] = &signedUp{redirect: q.Get("redirect_uri"), wabas: form["waba"], until: a.clock().Add(codeLife)}
			back.Set("code", code)
		})
	} else {
		for name, value := range map[string]string{"error": "access_denied", "error_code": "200", "error_description": "Permissions error", "error_reason": "user_denied"} {
			back.Set(name, value)
		}
	}
	redirect.RawQuery = back.Encode()
	c.req.Status = http.StatusFound
	http.Redirect(c.w, c.r, redirect.String(), http.StatusFound)
	return nil, nil
}

// exchange returns the token of a system user for a code, once.
func (a *api) exchange(c *call) (any, *APIError) {
	q := c.req.Query
	a.mu.Lock()
	defer a.mu.Unlock()
	code := a.codes[q.Get("code")]
	switch {
	case q.Get("client_id") != a.opts.AppID:
		return nil, &APIError{Code: 101, Message: "Error validating application. Cannot get application info due to a system error."}
	case q.Get("client_secret") != a.opts.AppSecret:
		return nil, &APIError{Code: 1, Message: "Error validating client secret."}
	case code == nil:
		return nil, &APIError{Code: 100, Message: "Invalid verification code format."}
	case code.used:
		return nil, &APIError{Code: 100, Subcode: 36009, Message: "This authorization code has been used."}
	case !a.clock().Before(code.until):
		return nil, &APIError{Code: 100, Subcode: 36007, Message: "This authorization code has expired."}
	case q.Get("redirect_uri") != code.redirect:
		return nil, &APIError{Code: 100, Subcode: 36008, Message: "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"}
	}
	code.used = true
	ids := append([]string{"nothing"}, code.wabas...)
	for _, id := range code.wabas {
		if w, ok := a.nodes[id].(*waba); ok {
			for _, n := range w.numbers {
				ids = append(ids, n.cfg.ID)
			}
		}
	}
	token := "EAA" + a.word(60)
	a.tokens[token] = &grant{nodes: ids, scopes: []string{"whatsapp_business_management", "whatsapp_business_messaging", "public_profile"}}
	return map[string]any{"access_token": token, "token_type": "bearer"}, nil
}
