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

	"parley/channels/graphfake/arguments"
	"parley/channels/graphfake/codes"
)

// maxRequest bounds a request's body, in bytes.
const maxRequest = 110 << 20

// Request is one call as it came, and what was answered.
type Request struct {
	At      time.Time
	Method  string
	Path    string // as it came: /v26.0/1055/messages
	Version string // v26.0
	Node    string // 1055
	Edge    string // messages; "" means the node itself
	Route   string // what Faults are armed for: "whatsapp.messages"; "" means unknown
	Query   url.Values
	Header  http.Header
	Body    []byte // nil for uploads
	Status  int    // 0 means hung up
	Answer  []byte // nil for downloads
}

// node is something with an id: a number, a page, a file.
type node interface {
	// findRoute finds what a call of this node is for; edge "" is the node itself.
	findRoute(method, edge string) (route, bool)
	// openerID returns the id of the node whose token opens this one.
	openerID() string
}

// route is one kind of call.
type route struct {
	name   string // "whatsapp.messages": faults are armed by it
	handle handler
}

// handler answers one call. It is called without the lock. A nil answer with a nil error
// means that it has written the answer itself.
type handler func(c *call) (any, *APIError)

// call is one request under way.
type call struct {
	api  *api
	w    http.ResponseWriter
	r    *http.Request
	req  *Request
	args arguments.Arguments
	hits hits // the faults that strike it
	// asApp says that the app called for itself, by its id and secret. findByTokenLocked sets it.
	asApp bool
}

// api answers calls with tokens that open what they ask for.
type api struct {
	*ground
	faults   *faults
	tokens   map[string]*grant
	codes    map[string]*signedUp
	requests []Request

	needsProof bool         // the app demands the proof of its secret
	control    http.Handler // of what is below controlPath; nil means that nothing is there
}

// controlPath is where the emulator is controlled by other processes.
const controlPath = "/_fake/"

// serve answers one call, and plays the faults that strike it.
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
		c.fail(r.Context(), &APIError{Status: http.StatusRequestEntityTooLarge, Code: codes.Unknown, Message: "The request is too large."})
		return
	}

	c.args = arguments.Read(r, body)
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

// find returns the route of a call, or why it is refused. The path is /version/node or /version/node/edge ("edge" is Graph's
// word for a list or action of a node), or that of a file (/cdn/id/name), which needs no token.
func (a *api) find(c *call) (route, *APIError) {
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	if parts[0] == "cdn" && len(parts) == 3 {
		return a.findFile(c, parts[1])
	}
	if !c.req.readPath(parts) {
		return route{}, &APIError{Code: codes.Path, Message: "Unknown path components: " + c.r.URL.Path}
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

// readPath reads version, node and edge from the parts of a path. ok is false if a path of Graph has other parts.
func (r *Request) readPath(parts []string) (ok bool) {
	const withNode, withEdge = 2, 3
	isLong := len(parts) == withNode || len(parts) == withEdge
	if !isLong || !strings.HasPrefix(parts[0], "v") {
		return false
	}
	r.Version, r.Node = parts[0], parts[1]
	if len(parts) == withEdge {
		r.Edge = parts[2]
	}
	return true
}

// findByTokenLocked returns the route of a call that needs a token, or why the token may not make it.
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
	if !hasRoute || !a.opens(g, n) {
		return rt, unsupportedError(c.req.Method, c.req.Node)
	}
	return rt, a.findRefusalLocked(g, token, rt, c)
}

// findGrantLocked returns what a token may do, or nil if there is no such token.
func (a *api) findGrantLocked(token string, isApp bool) *grant {
	if isApp {
		return &grant{nodes: []string{a.opts.AppID}}
	}
	return a.tokens[token]
}

// opens reports whether a token is for a node. Every token opens the app itself.
func (a *api) opens(g *grant, n node) bool {
	opener := n.openerID()
	return opener == a.opts.AppID || g.mayOpen(opener)
}

// resolveNodeLocked returns the id of a node that a call names. "app" is the app; "me" is what the token belongs to.
func (a *api) resolveNodeLocked(name string, g *grant) string {
	switch {
	case name == "app":
		return a.opts.AppID
	case name == "me" && g != nil:
		return a.findMeLocked(g)
	}
	return name
}

// findMeLocked returns the id of the node that a token calls "me": the first one that it opens. For a token that opens everything, it is
// the only Page; if there are several Pages, it is no node.
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

// findFile finds a file by its address.
func (a *api) findFile(c *call, id string) (route, *APIError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.nodes["cdn:"+id]; n != nil {
		if rt, ok := n.findRoute(c.req.Method, ""); ok {
			return rt, nil
		}
	}
	return route{}, &APIError{Status: http.StatusNotFound, Code: codes.Invalid, Message: "Bad URL"}
}

func (a *api) record(r *Request) { a.change(func() { a.requests = append(a.requests, *r) }) }

// Requests lists all calls so far, in the order in which they ended.
func (a *api) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// RequestsTo lists the calls of one route: "whatsapp.messages".
func (a *api) RequestsTo(name string) []Request {
	return slices.DeleteFunc(a.Requests(), func(r Request) bool { return r.Route != name })
}

// readBody reads the arguments of the call, from wherever they stand.
func (c *call) readBody(v any) *APIError {
	if err := c.args.Decode(v); err != nil {
		return invalidError(strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + ".")
	}
	return nil
}

// fail answers with an error object.
func (c *call) fail(ctx context.Context, e *APIError) {
	c.api.mu.Lock()
	trace := "A" + c.api.randomWordLocked(22)
	c.api.mu.Unlock()
	c.answer(ctx, cmp.Or(e.Status, http.StatusBadRequest), e.asJSON(trace))
}

// answer writes JSON, unless a fault wants something else.
func (c *call) answer(ctx context.Context, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("graphfake: answer: %v", err)) // a fault of this package
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
