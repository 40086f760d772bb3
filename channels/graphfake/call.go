package graphfake

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxRequest is the maximum size of a request's body, in bytes.
const maxRequest = 110 << 20

// Request is the record of one call and its response, for tests.
type Request struct {
	At      time.Time
	Method  string
	Path    string // the full path: /v26.0/1055/messages
	Version string // v26.0
	Node    string // 1055
	Edge    string // messages; "" means the node itself
	Route   string // the name of the kind of call, by which Faults are injected: "whatsapp.messages"; "" means unknown
	Query   url.Values
	Header  http.Header
	Body    []byte // nil for uploads
	Status  int    // 0 means that the connection was closed without a response
	Answer  []byte // nil for downloads
}

// node is anything with an id in the Graph API: a number, a Page, a file. An edge is a list or an action of a node: in
// "POST /v26.0/1055/messages", the number 1055 is the node and "messages" is the edge.
type node interface {
	findRoute(method, edge string) (route, bool) // edge "" means the node itself
	ownerID() string                             // the id of the number, account or Page whose token gives access to the node
}

// route is one kind of call.
type route struct {
	name   string // Request.Route
	handle handler
}

// handler does the work of a call and returns the response body. It is called without the lock. If both results are nil,
// it has written the response itself.
type handler func(c *call) (any, *APIError)

// call is one request that is being handled.
type call struct {
	api  *api
	w    http.ResponseWriter
	r    *http.Request
	req  *Request
	args arguments
	hits hits // the injected faults that apply to it
	// asApp means that the token is the app's own, made of its id and secret. findByTokenLocked sets it.
	asApp bool
}

// api is the HTTP handler of the emulator. It authorises calls, passes them to their nodes and injects faults.
type api struct {
	*ground
	faults   *faults
	tokens   map[string]*grant    // by access token
	codes    map[string]*signedUp // by authorisation code
	requests []Request

	needsProof bool         // the app requires an appsecret_proof
	control    http.Handler // serves controlPath; nil means none
}

// controlPath is the prefix of the URLs by which other processes control the emulator.
const controlPath = "/_fake/"

// serve handles one call, and injects the faults that apply to it.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	if a.control != nil && strings.HasPrefix(r.URL.Path, controlPath) {
		a.control.ServeHTTP(w, r)
		return
	}

	c := &call{api: a, w: w, r: r, req: &Request{
		At:     a.clock(),
		Method: r.Method,
		Path:   r.URL.Path,
		Query:  r.URL.Query(),
		Header: r.Header.Clone(),
	}}
	defer a.record(c.req)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		c.fail(r.Context(), &APIError{Status: http.StatusRequestEntityTooLarge, Code: Unknown, Message: "The request is too large."})
		return
	}

	c.args = readArguments(r, body)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		c.req.Body = body
	}
	if strings.HasPrefix(r.URL.Path, downloadPath) {
		c.download(r.Context())
		return
	}

	rt, refused := a.find(c)
	c.req.Route = rt.name
	c.hits = a.faults.strike(rt.name)
	if c.applyFaultsBefore(r.Context()) {
		return
	}

	var answer any
	if refused == nil {
		answer, refused = rt.handle(c)
	}
	switch {
	case refused != nil:
		c.fail(r.Context(), refused)
	case answer != nil:
		c.answer(r.Context(), http.StatusOK, answer)
	}
}

// find returns the route of a call, or the error with which it is refused. The path is /version/node, /version/node/edge, or
// /cdn/id/name for a file, which needs no token.
func (a *api) find(c *call) (route, *APIError) {
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	if parts[0] == "cdn" && len(parts) == 3 {
		return a.findFile(c, parts[1])
	}
	if !c.req.readPath(parts) {
		return route{}, &APIError{Code: Path, Message: "Unknown path components: " + c.r.URL.Path}
	}

	switch c.req.Method + " " + c.req.Node + "/" + c.req.Edge {
	case "GET oauth/access_token":
		return route{"oauth.token", a.exchangeCode}, nil
	case "GET dialog/oauth", "POST dialog/oauth":
		return route{"oauth.dialog", a.showDialog}, nil
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	return a.findByTokenLocked(c)
}

// readPath sets the version, node and edge from the segments of a path. ok is false if it isn't a path of the Graph API.
func (r *Request) readPath(parts []string) (ok bool) {
	const withNode, withEdge = 2, 3
	hasLength := len(parts) == withNode || len(parts) == withEdge
	if !hasLength || !strings.HasPrefix(parts[0], "v") {
		return false
	}
	r.Version, r.Node = parts[0], parts[1]
	if len(parts) == withEdge {
		r.Edge = parts[2]
	}
	return true
}

// findByTokenLocked returns the route of a call that needs a token, or the error if the token doesn't permit the call.
func (a *api) findByTokenLocked(c *call) (route, *APIError) {
	token := cmp.Or(strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer "), c.args.Text("access_token"))
	isApp, err := a.asAppLocked(token)
	if err != nil {
		return route{}, err
	}
	c.asApp = isApp
	if c.req.Node == "debug_token" && token != "" && c.req.Method == http.MethodGet {
		return route{"debug_token", a.debugToken}, nil
	}

	g := a.findGrantLocked(token, isApp)
	c.req.Node = a.resolveNodeLocked(c.req.Node, g)
	n := a.nodes[c.req.Node]
	var rt route
	hasRoute := false
	if n != nil {
		rt, hasRoute = n.findRoute(c.req.Method, c.req.Edge)
	}
	if err := checkToken(token, g); err != nil {
		return rt, err
	}
	if !hasRoute || !a.hasAccess(g, n) {
		return rt, unsupportedError(c.req.Method, c.req.Node)
	}
	return rt, a.findRefusalLocked(g, token, rt, c)
}

// findGrantLocked returns the grant of a token, or nil if the token is unknown.
func (a *api) findGrantLocked(token string, isApp bool) *grant {
	if isApp {
		return &grant{nodes: []string{a.opts.AppID}}
	}
	return a.tokens[token]
}

// hasAccess reports whether a token gives access to a node. Every token gives access to the app itself.
func (a *api) hasAccess(g *grant, n node) bool {
	owner := n.ownerID()
	return owner == a.opts.AppID || g.includes(owner)
}

// resolveNodeLocked returns the id of a node. The alias "app" means the app, and "me" the owner of the token.
func (a *api) resolveNodeLocked(name string, g *grant) string {
	switch {
	case name == "app":
		return a.opts.AppID
	case name == "me" && g != nil:
		return a.findMeLocked(g)
	}
	return name
}

// findMeLocked resolves the alias "me" for a token. It is the first node in the token's list. For a token without a list, it
// is the only Page, and if there isn't exactly one Page, the alias stays unresolved.
func (a *api) findMeLocked(g *grant) string {
	if len(g.nodes) > 0 {
		return g.nodes[0]
	}
	var pages []string
	for id, n := range a.nodes {
		if isPage(n) {
			pages = append(pages, id)
		}
	}
	if len(pages) == 1 {
		return pages[0]
	}
	return "me"
}

// findFile returns the route of a file by the id in its URL.
func (a *api) findFile(c *call, id string) (route, *APIError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.nodes["cdn:"+id]; n != nil {
		if rt, ok := n.findRoute(c.req.Method, ""); ok {
			return rt, nil
		}
	}
	return route{}, &APIError{Status: http.StatusNotFound, Code: Invalid, Message: "Bad URL"}
}

func (a *api) record(r *Request) { a.change(func() { a.requests = append(a.requests, *r) }) }

// Requests returns all calls so far, in the order in which they ended.
func (a *api) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// RequestsTo returns the calls of one route, such as "whatsapp.messages".
func (a *api) RequestsTo(name string) []Request {
	return slices.DeleteFunc(a.Requests(), func(r Request) bool { return r.Route != name })
}

// readBody stores the call's arguments in v. They may be in the body or in the query.
func (c *call) readBody(v any) *APIError {
	if err := c.args.Decode(v); err != nil {
		return invalidError(strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + ".")
	}
	return nil
}

// fail responds with an error.
func (c *call) fail(ctx context.Context, e *APIError) {
	c.api.mu.Lock()
	trace := "A" + c.api.randomWordLocked(22)
	c.api.mu.Unlock()
	c.answer(ctx, cmp.Or(e.Status, http.StatusBadRequest), e.asJSON(trace))
}

// answer responds with JSON, unless an injected fault applies to the response.
func (c *call) answer(ctx context.Context, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("graphfake: answer: %v", err)) // a bug in this package
	}
	if c.applyFaultsAfter(ctx) {
		return
	}
	if _, cut := c.hits.find(ActionTruncate); cut {
		body = body[:len(body)/2]
	}

	c.req.Status, c.req.Answer = status, body
	c.w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	c.w.Header().Set("X-Fb-Trace-Id", "graphfake")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body)
}
