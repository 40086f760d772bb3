package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels/emulator"
)

// maxBody caps Web API requests; files go elsewhere.
const maxBody = 4 << 20

// apiError is an ok:false answer.
type apiError struct {
	code     string
	needed   string
	messages []string // response_metadata.messages
	retry    int      // seconds; makes it a 429
}

// Error returns Slack's error string, so that tests and people's actions show it as it is.
func (e *apiError) Error() string {
	if len(e.messages) > 0 {
		return e.code + ": " + strings.Join(e.messages, "; ")
	}
	return e.code
}

func refuse(code string, messages ...string) *apiError {
	return &apiError{code: code, messages: messages}
}

// reply is the body of an ok answer.
type reply map[string]any

// webAPI answers the Web API's calls and keeps a record of them.
type webAPI struct {
	*ground
	methods map[string]method
	grant   *grant
	faults  *emulator.FaultPlan
	sockets *Sockets

	chat          *chatAPI
	conversations *conversationAPI
	users         *userAPI
	files         *fileAPI
	views         *viewAPI

	calls   []Call
	buckets map[string]*bucket
}

// reset forgets calls and rates. Caller holds the lock.
func (a *webAPI) reset() { a.calls, a.buckets = nil, map[string]*bucket{} }

// call is one Web API request with its arguments as text; objects stay JSON.
type call struct {
	*ground
	grant   *grant
	method  string
	args    map[string]string
	token   string
	used    []string // scopes
	noShare bool     // fault: completed files are never posted
}

func (c *call) str(k string) string          { return c.args[k] }
func (c *call) raw(k string) json.RawMessage { return rawArg(c.args[k]) }
func (c *call) has(k string) bool            { _, ok := c.args[k]; return ok }
func (c *call) flag(k string) bool {
	b, err := strconv.ParseBool(c.args[k])
	return err == nil && b
}

func rawArg(v string) json.RawMessage {
	if v == "" || v == "null" {
		return nil
	}
	return json.RawMessage(v)
}

// keepCalls bounds the record of calls; long loads forget old ones.
const keepCalls = 20_000

// Call records one Web API call.
type Call struct {
	At     time.Time         `json:"at"`
	Method string            `json:"method"`
	Args   map[string]string `json:"args"` // without the token
	OK     bool              `json:"ok"`
	Error  string            `json:"error,omitempty"`
	Scopes []string          `json:"scopes,omitempty"` // made use of
	Fault  string            `json:"fault,omitempty"`  // injected, if any
}

// Calls returns the latest Web API calls (at least 20,000), oldest first; method "" means all.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Call
	for _, c := range s.api.calls {
		if method == "" || c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// routes serves the Web API, files, response URLs, Socket Mode and /_fake/.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.api.serveAPI)
	mux.HandleFunc("POST /upload/v1/{ticket}", s.api.files.serveUpload)
	mux.HandleFunc("GET /files-pri/{key}/{name...}", s.api.files.serveFile)
	mux.HandleFunc("POST /actions/{team}/{id}", s.clicks.serveResponseURL)
	mux.HandleFunc("GET /link/", s.Sockets.serveSocket)
	mux.HandleFunc("GET /signin", s.api.files.serveSignin)
	(&driver{srv: s}).routes(mux)
	return mux
}

func (a *webAPI) serveAPI(w http.ResponseWriter, r *http.Request) {
	c := &call{ground: a.ground, grant: a.grant, method: r.PathValue("method")}
	if err := c.read(w, r); err != nil {
		writeJSON(w, http.StatusOK, reply{"ok": false, "error": err.code})
		return
	}
	a.mu.Lock()
	a.calledAt = baseOf(r)
	f := a.faults.Strike(c.method, c.str("channel"))
	if f != nil && preempts(f) {
		a.record(c, refuse("fault"), f)
	}
	a.mu.Unlock()
	if f != nil && !faultBefore(w, r, f) {
		return
	}
	a.mu.Lock()
	c.noShare = f != nil && f.Kind == FaultNeverShare
	out, err := a.run(c)
	a.record(c, err, f)
	var body []byte
	if err == nil {
		if out == nil {
			out = reply{}
		}
		out["ok"] = true
		body = mustJSON(out) // under the lock, as answers show live state
	}
	a.scopeHeaders(c, w.Header())
	a.mu.Unlock()
	if f != nil && !faultAfter(w, r, f) {
		return
	}
	if err != nil {
		a.answer(w, err)
		return
	}
	writeBody(w, http.StatusOK, body)
}

// scopeHeaders tell a valid token what it may do and what the method accepts. Caller holds the lock.
func (a *webAPI) scopeHeaders(c *call, h http.Header) {
	if c.token != a.grant.token || a.grant.revoked {
		return
	}
	h.Set("X-OAuth-Scopes", a.grant.provided())
	if m := a.methods[c.method]; m.scope != "" {
		h.Set("X-Accepted-OAuth-Scopes", strings.ReplaceAll(m.scope, "|", ","))
	}
}

func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (a *webAPI) record(c *call, err *apiError, f *emulator.Struck) {
	rec := Call{At: a.now(), Method: c.method, Args: c.args, OK: err == nil, Scopes: c.used}
	if err != nil {
		rec.Error = err.code
	} else {
		for _, sc := range c.used {
			a.grant.used[sc] = true
		}
	}
	if f != nil {
		rec.Fault = string(f.Kind)
	}
	a.calls = append(a.calls, rec)
	if len(a.calls) > 2*keepCalls {
		a.calls = append([]Call(nil), a.calls[keepCalls:]...)
	}
	a.note(Change{Kind: "call", ID: c.method})
}

// answer writes an ok:false body, or a 429.
func (a *webAPI) answer(w http.ResponseWriter, err *apiError) {
	switch {
	case err.retry > 0:
		answerLater(w, err.code, err.retry)
	default:
		body := reply{"ok": false, "error": err.code}
		if err.code == "missing_scope" {
			a.mu.Lock()
			body["needed"], body["provided"] = err.needed, a.grant.provided()
			a.mu.Unlock()
		}
		if len(err.messages) > 0 {
			body["response_metadata"] = reply{"messages": err.messages}
			if err.code == "invalid_blocks" {
				var errs []string
				for _, m := range err.messages {
					errs = append(errs, strings.TrimPrefix(m, "[ERROR] "))
				}
				body["errors"] = errs
			}
		}
		writeJSON(w, http.StatusOK, body)
	}
}

// answerLater asks the app to call again after some seconds.
func answerLater(w http.ResponseWriter, code string, seconds int) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	writeJSON(w, http.StatusTooManyRequests, reply{"ok": false, "error": code})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode", http.StatusInternalServerError)
		return
	}
	writeBody(w, status, b)
}

func writeBody(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // the client is gone
}

// read takes the arguments from the query and from a form, multipart or JSON body.
func (c *call) read(w http.ResponseWriter, r *http.Request) *apiError {
	c.args = map[string]string{}
	for k, v := range r.URL.Query() {
		c.args[k] = v[0]
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Method == http.MethodPost && r.ContentLength != 0 {
		return refuse("missing_post_type")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	switch {
	case r.Method == http.MethodGet:
	case r.Method != http.MethodPost:
		return refuse("method_not_supported")
	case kind == "application/json":
		if e := c.readJSON(r.Body); e != nil {
			return e
		}
	case kind == "application/x-www-form-urlencoded", kind == "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return refuse("invalid_form_data")
		}
		for k, v := range r.PostForm {
			c.args[k] = v[0]
		}
	case kind != "":
		return refuse("invalid_post_type")
	}
	c.token = c.args["token"]
	delete(c.args, "token")
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.token = t
	}
	return nil
}

func (c *call) readJSON(body io.Reader) *apiError {
	b, err := io.ReadAll(body)
	if err != nil {
		return refuse("invalid_json")
	}
	if len(b) == 0 {
		return nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		if json.Valid(b) {
			return refuse("json_not_object")
		}
		return refuse("invalid_json")
	}
	for k, v := range m {
		var text string
		if json.Unmarshal(v, &text) == nil {
			if string(v) != "null" {
				c.args[k] = text
			}
			continue
		}
		c.args[k] = string(v)
	}
	return nil
}

// run checks method, token, scope and rate, then performs the call. Caller holds the lock.
func (a *webAPI) run(c *call) (reply, *apiError) {
	m, ok := a.methods[c.method]
	if !ok {
		return nil, refuse("unknown_method")
	}
	if err := a.authorize(c, m); err != nil {
		return nil, err
	}
	if m.scope != "" {
		if err := c.need(m.scope); err != nil {
			return nil, err
		}
	}
	for _, k := range m.required {
		if c.args[k] == "" {
			return nil, missingArg(c.method, k)
		}
	}
	if err := a.limit(c.method, m.tier, c.str("channel")); err != nil {
		return nil, err
	}
	return m.do(c)
}

func missingArg(method, arg string) *apiError {
	switch {
	case arg == "channel" && !strings.HasPrefix(method, "reactions."):
		return refuse("channel_not_found")
	case arg == "channel", arg == "timestamp":
		return refuse("no_item_specified")
	case arg == "name":
		return refuse("invalid_name")
	case arg == "user":
		return refuse("user_not_found")
	case arg == "email":
		return refuse("users_not_found")
	}
	return refuse("invalid_arguments", fmt.Sprintf("[ERROR] missing required field: %s", arg))
}

func (a *webAPI) authorize(c *call, m method) *apiError {
	want := a.grant.token
	if m.appToken {
		want = a.opt.AppToken
	}
	switch {
	case c.token == "":
		return refuse("not_authed")
	case a.grant.revoked && (c.token == a.opt.BotToken || c.token == a.opt.AppToken):
		return refuse("account_inactive")
	case c.token == a.opt.BotToken && c.token != a.grant.token:
		return refuse("token_revoked")
	case c.token == want:
		return nil
	case c.token == a.opt.AppToken || c.token == a.grant.token:
		return refuse("not_allowed_token_type")
	}
	return refuse("invalid_auth")
}

// need demands one of the scopes (alternatives separated by |) and records its use.
func (c *call) need(scope string) *apiError {
	alt := strings.Split(scope, "|")
	for _, sc := range alt {
		if c.grant.scopes[sc] {
			if !slices.Contains(c.used, sc) {
				c.used = append(c.used, sc)
			}
			return nil
		}
	}
	return &apiError{code: "missing_scope", needed: strings.Join(alt, ",")}
}
