package graphfake

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"parley/channels/graphfake/codes"
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

// showDialog shows the page on which a person signs up (Facebook Login for Business with a configuration), and takes her
// answer.
// Source: Facebook Login, "Manually build a login flow"; WhatsApp, "Embedded Signup".
func (a *api) showDialog(c *call) (any, *APIError) {
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
	case err != nil || !a.mayRedirect(redirect):
		return refuse("URL blocked: This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings.")
	case q.Get("config_id") != a.opts.SignUpConfig:
		return refuse("Sorry, something went wrong: the configuration does not exist.")
	case q.Get("response_type") != "code" || q.Get("override_default_response_type") != "true":
		return refuse("Sorry, something went wrong: system user tokens need response_type=code.")
	}

	if c.req.Method == http.MethodGet {
		ids := a.listWABAs()
		c.req.Status = http.StatusOK
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = template.Must(template.New("").Parse(dialogPage)).Execute(c.w, ids) // whoever asked may be gone
		return nil, nil
	}

	form, err := url.ParseQuery(string(c.req.Body))
	if err != nil {
		return refuse("Unreadable form")
	}

	back := redirect.Query()
	if state := q.Get("state"); state != "" {
		back.Set("state", state)
	}

	if form.Get("answer") == "allow" {
		a.change(func() {
			code := a.randomWordLocked(40)
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

// mayRedirect reports whether the app may send people back to an address.
func (a *api) mayRedirect(to *url.URL) bool {
	if to.Host == "" {
		return false
	}
	return a.opts.Redirect == "" || a.opts.Redirect == to.String()
}

// listWABAs lists the ids of the business accounts.
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

// exchangeCode returns the token of a system user for a code, once.
func (a *api) exchangeCode(c *call) (any, *APIError) {
	q := c.req.Query
	a.mu.Lock()
	defer a.mu.Unlock()
	code := a.codes[q.Get("code")]
	switch {
	case q.Get("client_id") != a.opts.AppID:
		return nil, &APIError{Code: codes.App, Message: "Error validating application. Cannot get application info due to a system error."}
	case q.Get("client_secret") != a.opts.AppSecret:
		return nil, &APIError{Code: codes.Unknown, Message: "Error validating client secret."}
	case code == nil:
		return nil, &APIError{Code: codes.Invalid, Message: "Invalid verification code format."}
	case code.used:
		return nil, &APIError{Code: codes.Invalid, Subcode: codes.SubCodeUsed, Message: "This authorization code has been used."}
	case !a.clock().Before(code.until):
		return nil, &APIError{Code: codes.Invalid, Subcode: codes.SubCodeExpired, Message: "This authorization code has expired."}
	case q.Get("redirect_uri") != code.redirect:
		return nil, &APIError{Code: codes.Invalid, Subcode: codes.SubCodeRedirect, Message: "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"}
	}

	code.used = true
	ids := append([]string{"nothing"}, code.wabas...) // never empty, because no ids would mean all
	for _, id := range code.wabas {
		if w, ok := a.nodes[id].(*waba); ok {
			for _, n := range w.numbers {
				ids = append(ids, n.cfg.ID)
			}
		}
	}

	token := "EAA" + a.randomWordLocked(60)
	a.tokens[token] = &grant{nodes: ids, scopes: []string{"whatsapp_business_management", "whatsapp_business_messaging", "public_profile"}}
	return map[string]any{"access_token": token, "token_type": "bearer"}, nil
}
