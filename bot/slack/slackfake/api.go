package slackfake

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/bot/slack/slackfake/screens"
	"parley/bot/slack/slackfake/workspace"
	"parley/channels/emulator"
)

// The app under test calls the emulated Web API at /api/{method}. webAPI checks a call's token, scope,
// arguments and rate, and has the method's handler answer it (methods.go). A test can inject faults, such as a
// lost answer, and can read which calls were made.

// webAPI answers the Web API's calls and records them. The lock (workspace.Ground.Mu) guards calls and limits.
type webAPI struct {
	*ground
	methods map[string]method
	grant   *workspace.Grant
	faults  *emulator.FaultPlan
	sockets *Sockets

	chat          *chatAPI
	conversations *conversationAPI
	users         *userAPI
	files         *fileAPI
	views         *screens.API

	calls  []Call
	limits limits
}

// reset forgets calls and rates. The caller holds the lock.
func (a *webAPI) reset() { a.calls, a.limits = nil, newLimits() }

// keepCalls bounds how many calls are recorded; the oldest are dropped.
const keepCalls = 20_000

// Call records one Web API call.
type Call struct {
	At     time.Time         `json:"at"`
	Method string            `json:"method"`
	Args   map[string]string `json:"args"` // without the token
	OK     bool              `json:"ok"`
	Error  string            `json:"error,omitempty"`
	Scopes []string          `json:"scopes,omitempty"` // that the call needed
	Fault  string            `json:"fault,omitempty"`  // injected, if any
}

// serveAPI answers a call in three steps: injected faults that keep the call from taking effect, the call
// itself, and faults that spoil its answer.
func (a *webAPI) serveAPI(w http.ResponseWriter, r *http.Request) {
	c := &call{Ground: a.ground, Grant: a.grant, Method: r.PathValue("method")}
	if err := c.Read(w, r); err != nil {
		emulator.WriteJSON(w, http.StatusOK, reply{"ok": false, "error": err.Code})
		return
	}

	f := a.beginCall(c, baseOf(r))
	if f != nil && !runFaultBefore(w, r, f) { // without the lock: a fault may take its time
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

// beginCall returns the fault that strikes a call; nil if none does. If the fault keeps the call from any
// effect, finishCall doesn't run, and the call is recorded here.
func (a *webAPI) beginCall(c *call, base string) *emulator.Struck {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	a.CalledAt = base
	f := a.faults.Strike(c.Method, c.Str("channel"))
	if f != nil && hasNoEffect(f) {
		a.record(c, workspace.Refuse("fault"), f)
	}
	return f
}

// finishCall does what a call asks for and returns the body of its answer, which is written under the lock
// since it shows live state.
func (a *webAPI) finishCall(c *call, f *emulator.Struck, header http.Header) ([]byte, *workspace.Refusal) {
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
		out = reply{}
	}
	out["ok"] = true
	return workspace.MustJSON(out), nil
}

// addScopeHeaders adds the headers that say which scopes a valid token has, and which the method accepts.
// Caller holds the lock.
func (a *webAPI) addScopeHeaders(c *call, h http.Header) {
	if c.Token != a.grant.Token || a.grant.Revoked {
		return
	}
	h.Set("X-OAuth-Scopes", a.grant.Provided())
	if m := a.methods[c.Method]; m.scope != "" {
		h.Set("X-Accepted-OAuth-Scopes", strings.ReplaceAll(m.scope, "|", ","))
	}
}

// baseOf returns the address to which a request was sent, without its path.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// record keeps a call, with how it ended and with the fault that struck it. Caller holds the lock.
func (a *webAPI) record(c *call, err *workspace.Refusal, f *emulator.Struck) {
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

// answer writes an ok:false body, or a 429.
func (a *webAPI) answer(w http.ResponseWriter, err *workspace.Refusal) {
	if err.Retry > 0 {
		answerLater(w, err.Code, err.Retry)
		return
	}

	body := reply{"ok": false, "error": err.Code}
	if err.Code == "missing_scope" {
		a.Mu.Lock()
		body["needed"], body["provided"] = err.Needed, a.grant.Provided()
		a.Mu.Unlock()
	}

	if err.Args != nil {
		body["args"] = err.Args
	}

	if len(err.Messages) > 0 {
		body["response_metadata"] = reply{"messages": err.Messages}
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

// run checks method, token, scope and rate, then performs the call. Caller holds the lock.
func (a *webAPI) run(c *call) (reply, *workspace.Refusal) {
	m, ok := a.methods[c.Method]
	if !ok {
		return nil, workspace.Refuse("unknown_method")
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

// missingArg returns what Slack says of a call without a required argument.
func missingArg(method, arg string) *workspace.Refusal {
	switch arg {
	case "channel":
		if strings.HasPrefix(method, "reactions.") {
			return workspace.Refuse("no_item_specified")
		}
		return workspace.Refuse("channel_not_found")
	case "timestamp":
		return workspace.Refuse("no_item_specified")
	case "name":
		return workspace.Refuse("invalid_name")
	case "user":
		return workspace.Refuse("user_not_found")
	case "email":
		return workspace.Refuse("users_not_found")
	}

	return workspace.Refuse("invalid_arguments", fmt.Sprintf("[ERROR] missing required field: %s", arg))
}

// authorize checks that a call has the kind of token that its method wants, and that the token is valid.
func (a *webAPI) authorize(c *call, m method) *workspace.Refusal {
	if m.public {
		return nil
	}

	want := a.grant.Token
	if m.appToken {
		want = a.Opt.AppToken
	}
	if c.Token == "" {
		return workspace.Refuse("not_authed")
	}

	isFirstBotToken := c.Token == a.Opt.BotToken // NewToken may have replaced it
	isAppToken := c.Token == a.Opt.AppToken
	if a.grant.Revoked && isFirstBotToken {
		return workspace.Refuse("account_inactive")
	}

	if isFirstBotToken && c.Token != a.grant.Token {
		return workspace.Refuse("token_revoked")
	}
	if c.Token == want {
		return nil
	}
	if isAppToken || c.Token == a.grant.Token {
		return workspace.Refuse("not_allowed_token_type")
	}

	return workspace.Refuse("invalid_auth")
}
