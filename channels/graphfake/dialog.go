package graphfake

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// This file emulates the OAuth login by which a company gives the app access to its WhatsApp accounts. A person allows the
// access in the dialog, which sends her browser back to the app with a code. The app exchanges the code for a token.

// codeLife is how long a code can be exchanged.
const codeLife = 10 * time.Minute

// signedUp is what a person granted in the dialog.
type signedUp struct {
	redirect string    // the redirect URI, which must be the same in the exchange
	wabas    []string  // ids of WhatsApp business accounts
	until    time.Time // when the code expires
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

// showDialog serves the login page (Facebook Login for Business with a configuration) and handles its form.
// Source: Facebook Login, "Manually build a login flow"; WhatsApp, "Embedded Signup".
func (a *api) showDialog(c *call) (any, *APIError) {
	redirect, refused := a.checkDialog(c.req.Query)
	if refused != "" {
		c.refusePage(refused)
		return nil, nil
	}

	if c.req.Method == http.MethodGet {
		c.req.Status = http.StatusOK
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page := template.Must(template.New("").Parse(dialogPage))
		_ = page.Execute(c.w, a.listWABAs()) // it fails only if the browser is gone
		return nil, nil
	}

	form, err := url.ParseQuery(string(c.req.Body))
	if err != nil {
		c.refusePage("Unreadable form")
		return nil, nil
	}
	redirect.RawQuery = a.answerDialog(c.req.Query, redirect.Query(), form).Encode()
	c.req.Status = http.StatusFound
	http.Redirect(c.w, c.r, redirect.String(), http.StatusFound)
	return nil, nil
}

// checkDialog validates a login. It returns the redirect URI, or the reason for the refusal that the person reads.
func (a *api) checkDialog(q url.Values) (redirect *url.URL, refused string) {
	redirect, err := url.Parse(q.Get("redirect_uri"))
	asksForCode := q.Get("response_type") == "code" && q.Get("override_default_response_type") == "true"
	switch {
	case q.Get("client_id") != a.opts.AppID:
		return nil, "Invalid App ID: The provided app ID does not look like a valid app ID."
	case err != nil || !a.mayRedirect(redirect):
		return nil, "URL blocked: This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings."
	case q.Get("config_id") != a.opts.SignUpConfig:
		return nil, "Sorry, something went wrong: the configuration does not exist."
	case !asksForCode:
		return nil, "Sorry, something went wrong: system user tokens need response_type=code."
	}
	return redirect, ""
}

// refusePage responds to a browser with an error text.
func (c *call) refusePage(text string) {
	c.req.Status = http.StatusBadRequest
	http.Error(c.w, text, http.StatusBadRequest)
}

// answerDialog adds the person's decision to the query of the redirect: a code, or an error if she refused.
func (a *api) answerDialog(asked, back, form url.Values) url.Values {
	if state := asked.Get("state"); state != "" {
		back.Set("state", state)
	}
	if form.Get("answer") != "allow" {
		back.Set("error", "access_denied")
		back.Set("error_code", "200")
		back.Set("error_description", "Permissions error")
		back.Set("error_reason", "user_denied")
		return back
	}

	a.change(func() {
		code := a.randomWordLocked(40)
		a.codes[code] = &signedUp{redirect: asked.Get("redirect_uri"), wabas: form["waba"], until: a.clock().Add(codeLife)}
		back.Set("code", code)
	})
	return back
}

// mayRedirect reports whether the app has registered this redirect URI.
func (a *api) mayRedirect(to *url.URL) bool {
	if to.Host == "" {
		return false
	}
	return a.opts.Redirect == "" || a.opts.Redirect == to.String()
}

// listWABAs returns the ids of the WhatsApp business accounts.
func (a *api) listWABAs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for id, n := range a.nodes {
		if _, ok := n.(*waba); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// exchangeCode returns a system user's token for a code. A code can be exchanged once.
func (a *api) exchangeCode(c *call) (any, *APIError) {
	q := c.req.Query
	a.mu.Lock()
	defer a.mu.Unlock()
	code := a.codes[q.Get("code")]
	if err := a.checkExchangeLocked(q, code); err != nil {
		return nil, err
	}

	code.used = true
	ids := append([]string{"nothing"}, code.wabas...) // not empty, because an empty list would mean all nodes
	for _, id := range code.wabas {
		if w, ok := a.nodes[id].(*waba); ok {
			for _, n := range w.numbers {
				ids = append(ids, n.cfg.ID)
			}
		}
	}

	token := "EAA" + a.randomWordLocked(60)
	scopes := []string{"whatsapp_business_management", "whatsapp_business_messaging", "public_profile"}
	a.tokens[token] = &grant{nodes: ids, scopes: scopes}
	return map[string]any{"access_token": token, "token_type": "bearer"}, nil
}

// checkExchangeLocked validates an exchange. code is nil if the code is unknown.
func (a *api) checkExchangeLocked(q url.Values, code *signedUp) *APIError {
	const wrongRedirect = "Error validating verification code. Please make sure your redirect_uri is identical to the one " +
		"you used in the OAuth dialog request"
	switch {
	case q.Get("client_id") != a.opts.AppID:
		return &APIError{Code: App, Message: "Error validating application. Cannot get application info due to a system error."}
	case q.Get("client_secret") != a.opts.AppSecret:
		return &APIError{Code: Unknown, Message: "Error validating client secret."}
	case code == nil:
		return &APIError{Code: Invalid, Message: "Invalid verification code format."}
	case code.used:
		return &APIError{Code: Invalid, Subcode: SubCodeUsed, Message: "This authorization code has been used."}
	case !a.clock().Before(code.until):
		return &APIError{Code: Invalid, Subcode: SubCodeExpired, Message: "This authorization code has expired."}
	case q.Get("redirect_uri") != code.redirect:
		return &APIError{Code: Invalid, Subcode: SubCodeRedirect, Message: wrongRedirect}
	}
	return nil
}
