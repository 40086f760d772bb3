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
	// asApp says that the app called for itself, by its id and secret. findGrantLocked sets it.
	asApp bool
}

// APIError is an error object of Graph.
type APIError struct {
	Status  int // of HTTP; 0 means 400
	Code    int
	Subcode int
	Type    string // "" means OAuthException
	Message string
	Details string
}

// unverifiedError is the answer if a callback didn't repeat the challenge that it was sent.
func unverifiedError(cause error) *APIError {
	return &APIError{Code: codes.Unverified, Message: "Callback verification failed", Details: cause.Error()}
}

func invalidError(details string) *APIError {
	return &APIError{Code: codes.Invalid, Message: "Invalid parameter", Details: details}
}

// cloudError is an error of the Cloud API, under the title that its code has there.
func cloudError(code int, details string) *APIError {
	return &APIError{Code: code, Message: codes.Title(code), Details: details}
}

// unsupportedError is Graph's answer for a node or edge that isn't there, or that the token doesn't open.
func unsupportedError(method, id string) *APIError {
	return &APIError{Code: codes.Invalid, Subcode: codes.SubNoObject, Type: "GraphMethodException", Message: fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, "+
		"cannot be loaded due to missing permissions, or does not support this operation.", strings.ToLower(method), id)}
}

// asJSON returns the JSON of an error.
func (e *APIError) asJSON(trace string) map[string]any {
	o := map[string]any{"message": fmt.Sprintf("(#%d) %s", e.Code, e.Message), "type": cmp.Or(e.Type, "OAuthException"), "code": e.Code, "fbtrace_id": trace}
	if e.Subcode != 0 {
		o["error_subcode"] = e.Subcode
	}
	if e.Details != "" {
		o["error_data"] = map[string]any{"messaging_product": "whatsapp", "details": e.Details}
	}
	return map[string]any{"error": o}
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

// grant is what an access token may touch.
type grant struct {
	revoked bool
	nodes   []string // ids; empty means all
	scopes  []string // nil means all
	expires time.Time
	page    bool // it is a Page's: the one whose id comes first
}

// mayOpen reports whether a token is for a node.
func (g *grant) mayOpen(id string) bool { return len(g.nodes) == 0 || slices.Contains(g.nodes, id) }

// AllowToken makes an access token that opens the nodes with these ids (numbers, business
// accounts, pages); none means all.
func (a *api) AllowToken(token string, ids ...string) {
	a.change(func() { a.tokens[token] = &grant{nodes: slices.Clone(ids)} })
}

// RevokeToken lets a token fail with code 190 until it is allowed again.
func (a *api) RevokeToken(token string) {
	a.change(func() {
		if g := a.tokens[token]; g != nil {
			g.revoked = true
		}
	})
}

// controlPath is where the emulator is controlled by other processes.
const controlPath = "/_fake/"

// serve answers one call, and plays the faults that strike it.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	if a.control != nil && strings.HasPrefix(r.URL.Path, controlPath) {
		a.control.ServeHTTP(w, r)
		return
	}

	c := &call{api: a, w: w, r: r, req: &Request{At: a.clock(), Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone()}}
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

	rt, apiErr := a.find(c)
	c.req.Route = rt.name
	c.hits = a.faults.strike(rt.name)
	if c.applyFaultsBefore(r.Context()) {
		return
	}

	if apiErr == nil {
		var answer any
		answer, apiErr = rt.handle(c)
		if answer != nil && apiErr == nil {
			c.answer(r.Context(), http.StatusOK, answer)
			return
		}
	}

	if apiErr != nil {
		c.fail(r.Context(), apiErr)
	}
}

// find returns the route of a call, or why its token may not make it. The path is /version/node or /version/node/edge ("edge" is Graph's
// word for a list or action of a node), or that of a file (/cdn/id/name), which needs no token.
func (a *api) find(c *call) (route, *APIError) {
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	if parts[0] == "cdn" && len(parts) == 3 {
		return a.findFile(c, parts[1])
	}
	if strings.HasPrefix(parts[0], "v") {
		c.req.Version, parts = parts[0], parts[1:]
	}

	isNodeOrEdge := len(parts) == 1 || len(parts) == 2
	if !isNodeOrEdge || c.req.Version == "" {
		return route{}, &APIError{Code: codes.Path, Message: "Unknown path components: " + c.r.URL.Path}
	}

	c.req.Node = parts[0]
	if len(parts) == 2 {
		c.req.Edge = parts[1]
	}

	switch c.req.Method + " " + strings.Join(parts, "/") {
	case "GET oauth/access_token":
		return route{"oauth.token", a.exchangeCode}, nil
	case "GET dialog/oauth", "POST dialog/oauth":
		return route{"oauth.dialog", a.showDialog}, nil
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	token := cmp.Or(strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer "), c.args.Text("access_token"))
	g, special, err := a.findGrantLocked(c, token)
	if err != nil || special.handle != nil {
		return special, err
	}
	if c.req.Node == "me" && g != nil {
		c.req.Node = a.findMeLocked(g)
	}

	n := a.nodes[c.req.Node]
	var rt route
	found := false
	if n != nil {
		rt, found = n.findRoute(c.req.Method, c.req.Edge)
	}
	switch {
	case token == "":
		return rt, &APIError{Status: http.StatusUnauthorized, Code: codes.NoToken, Message: "An access token is required to request this resource."}
	case g == nil:
		return rt, &APIError{Status: http.StatusUnauthorized, Code: codes.Token, Message: "Invalid OAuth access token - Cannot parse access token"}
	case g.revoked:
		return rt, &APIError{Status: http.StatusUnauthorized, Code: codes.Token, Subcode: codes.SubRevoked,
			Message: "Error validating access token: The session has been invalidated."}
	case !found:
		return rt, unsupportedError(c.req.Method, c.req.Node)
	}
	opener := n.openerID()
	if !g.mayOpen(opener) && opener != a.opts.AppID { // every token opens the app itself
		return rt, unsupportedError(c.req.Method, c.req.Node)
	}
	return rt, a.findRefusalLocked(g, token, rt, c)
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

// findGrantLocked finds what a token may do, or nil if there is no such token. It notes in c whether the app itself calls. If the call
// asks about a token, special is the route of that; otherwise it is zero.
func (a *api) findGrantLocked(c *call, token string) (g *grant, special route, refused *APIError) {
	if c.asApp, refused = a.asAppLocked(token); refused != nil {
		return nil, route{}, refused
	}

	g = a.tokens[token]
	if c.asApp {
		g = &grant{nodes: []string{a.opts.AppID}}
	}

	switch c.req.Node {
	case "debug_token":
		if token != "" && c.req.Method == http.MethodGet {
			return g, route{"debug_token", a.debugToken}, nil
		}
	case "app":
		c.req.Node = a.opts.AppID
	}

	return g, route{}, nil
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
