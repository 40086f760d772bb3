package slackfake

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/channels/emulator"
)

// webAPI emulates Slack's Web API. The app under test posts to /api/{method}, for example /api/chat.postMessage. webAPI
// checks the token, its scopes, the arguments and the rate limit, and calls the handler of the method (methods.go). It
// records all calls, for tests to inspect. Tests can inject faults, such as a response that is lost.
//
// "The lock" is workspace.Ground.Mu, which guards the whole emulated workspace, including calls and limits.
type webAPI struct {
	*Ground
	methods map[string]method
	grant   *Grant
	faults  *emulator.FaultPlan
	sockets *Sockets

	chat          *chatAPI
	conversations *conversationAPI
	users         *userAPI
	files         *fileAPI
	views         *API

	calls  []Call
	limits limits
}

// reset clears the recorded calls and the rate limits. The caller must hold the lock.
func (a *webAPI) reset() { a.calls, a.limits = nil, newLimits() }

// keepCalls is the minimum number of recent calls that are kept. Older ones are dropped.
const keepCalls = 20_000

// Call is the record of one call.
type Call struct {
	At     time.Time         `json:"at"`
	Method string            `json:"method"`
	Args   map[string]string `json:"args"` // without the token
	OK     bool              `json:"ok"`
	Error  string            `json:"error,omitempty"`
	Scopes []string          `json:"scopes,omitempty"` // the scopes that the call required
	Fault  string            `json:"fault,omitempty"`  // the injected fault, if any
}

// serveAPI serves a call in three steps: injected faults that prevent the call, the call itself, and injected faults that
// damage its response.
func (a *webAPI) serveAPI(w http.ResponseWriter, r *http.Request) {
	c := &WebcallCall{Ground: a.Ground, Grant: a.grant, Method: r.PathValue("method")}
	if err := c.Read(w, r); err != nil {
		emulator.WriteJSON(w, http.StatusOK, Reply{"ok": false, "error": err.Code})
		return
	}

	f := a.beginCall(c, baseOf(r))
	if f != nil && !runFaultBefore(w, r, f) { // without the lock, because a fault may be a delay
		return
	}
	body, err := a.finishCall(c, f, w.Header())
	if f != nil && !runFaultAfter(w, r, f) {
		return
	}
	if err != nil {
		a.answer(w, err)
		return
	}

	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write(body) //nolint:errcheck // the client is gone
}

// beginCall returns the injected fault for a call, or nil. If the fault prevents the call, beginCall records the call,
// because finishCall won't be called.
func (a *webAPI) beginCall(c *WebcallCall, base string) *emulator.Struck {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.CalledAt = base
	f := a.faults.Strike(c.Method, c.Str("channel"))
	if f != nil && hasNoEffect(f) {
		a.record(c, Refuse("fault"), f)
	}
	return f
}

// finishCall performs a call and returns the body of its response. It encodes the body while it holds the lock, because the
// response refers to live state.
func (a *webAPI) finishCall(c *WebcallCall, f *emulator.Struck, header http.Header) ([]byte, *WorkspaceRefusal) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	c.NoShare = f != nil && f.Kind == FaultNeverShare
	out, err := a.run(c)
	a.record(c, err, f)
	a.addScopeHeaders(c, header)
	if err != nil {
		return nil, err
	}

	if out == nil {
		out = Reply{}
	}
	out["ok"] = true
	return MustJSON(out), nil
}

// addScopeHeaders adds the headers with the scopes of the token, and with those that the method accepts. The caller must
// hold the lock.
func (a *webAPI) addScopeHeaders(c *WebcallCall, h http.Header) {
	if c.Token != a.grant.Token || a.grant.Revoked {
		return
	}
	h.Set("X-OAuth-Scopes", a.grant.Provided())
	if m := a.methods[c.Method]; m.scope != "" {
		h.Set("X-Accepted-OAuth-Scopes", strings.ReplaceAll(m.scope, "|", ","))
	}
}

// baseOf returns the URL to which a request was sent, without its path.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// record records a call with its result. err and f may be nil. The caller must hold the lock.
func (a *webAPI) record(c *WebcallCall, err *WorkspaceRefusal, f *emulator.Struck) {
	rec := Call{At: a.Now(), Method: c.Method, Args: c.Args, OK: err == nil, Scopes: c.Used}
	if err != nil {
		rec.Error = err.Code
	} else {
		for _, sc := range c.Used {
			a.grant.Used[sc] = true
		}
	}

	if f != nil {
		rec.Fault = string(f.Kind)
	}

	a.calls = append(a.calls, rec)
	if len(a.calls) > 2*keepCalls {
		a.calls = append([]Call(nil), a.calls[keepCalls:]...)
	}

	a.Note(Change{Kind: "call", ID: c.Method})
}

// answer writes the response for an error: status 429 for a rate limit, and otherwise {"ok":false,"error":"…"}.
func (a *webAPI) answer(w http.ResponseWriter, err *WorkspaceRefusal) {
	if err.Retry > 0 {
		answerLater(w, err.Code, err.Retry)
		return
	}

	body := Reply{"ok": false, "error": err.Code}
	if err.Code == "missing_scope" {
		a.Mu.Lock()
		body["needed"], body["provided"] = err.Needed, a.grant.Provided()
		a.Mu.Unlock()
	}

	if err.Args != nil {
		body["args"] = err.Args
	}

	if len(err.Messages) > 0 {
		body["response_metadata"] = Reply{"messages": err.Messages}
		if err.Code == "invalid_blocks" {
			var errs []string
			for _, m := range err.Messages {
				errs = append(errs, strings.TrimPrefix(m, "[ERROR] "))
			}
			body["errors"] = errs
		}
	}

	emulator.WriteJSON(w, http.StatusOK, body)
}

// run checks the method, token, scope, arguments and rate limit, and performs the call. The caller must hold the lock.
func (a *webAPI) run(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	m, ok := a.methods[c.Method]
	if !ok {
		return nil, Refuse("unknown_method")
	}
	if err := a.authorize(c, m); err != nil {
		return nil, err
	}

	if m.scope != "" {
		if err := c.Need(m.scope); err != nil {
			return nil, err
		}
	}

	for _, k := range m.required {
		if c.Args[k] == "" {
			return nil, missingArg(c.Method, k)
		}
	}

	if err := a.checkLimit(c.Method, m.tier, c.Str("channel")); err != nil {
		return nil, err
	}

	return m.do(c)
}

// missingArg returns Slack's error for a missing argument, which depends on the argument.
func missingArg(method, arg string) *WorkspaceRefusal {
	switch arg {
	case "channel":
		if strings.HasPrefix(method, "reactions.") {
			return Refuse("no_item_specified")
		}
		return Refuse("channel_not_found")
	case "timestamp":
		return Refuse("no_item_specified")
	case "name":
		return Refuse("invalid_name")
	case "user":
		return Refuse("user_not_found")
	case "email":
		return Refuse("users_not_found")
	}

	return Refuse("invalid_arguments", fmt.Sprintf("[ERROR] missing required field: %s", arg))
}

// authorize checks that a call has a valid token of the kind that its method requires.
func (a *webAPI) authorize(c *WebcallCall, m method) *WorkspaceRefusal {
	if m.public {
		return nil
	}

	want := a.grant.Token
	if m.appToken {
		want = a.Opt.AppToken
	}
	if c.Token == "" {
		return Refuse("not_authed")
	}

	isFirstBotToken := c.Token == a.Opt.BotToken // NewToken may have replaced it
	isAppToken := c.Token == a.Opt.AppToken
	if a.grant.Revoked && isFirstBotToken {
		return Refuse("account_inactive")
	}

	if isFirstBotToken && c.Token != a.grant.Token {
		return Refuse("token_revoked")
	}
	if c.Token == want {
		return nil
	}
	if isAppToken || c.Token == a.grant.Token {
		return Refuse("not_allowed_token_type")
	}

	return Refuse("invalid_auth")
}
