package twiliofake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// stContent is a Content resource.
type stContent struct {
	sid, name, language string
	variables           map[string]string
	types               map[string]json.RawMessage
	created             time.Time

	approvalName, category, status, reason string
	submitted                              time.Time
}

// body is what the types that Parley uses have in common.
type body struct {
	Body    string           `json:"body"`
	Button  string           `json:"button"`
	Header  string           `json:"header_text"`
	Footer  string           `json:"footer"`
	Actions []map[string]any `json:"actions"`
	Items   []map[string]any `json:"items"`
}

func (c *stContent) parts() (kind string, b body) {
	for kind, raw := range c.types {
		var b body
		_ = json.Unmarshal(raw, &b)
		return kind, b
	}
	return "", body{}
}

// buttons returns what the customer may tap.
func (c *stContent) buttons() (list []Button, opens string) {
	_, b := c.parts()
	text := func(m map[string]any, name string) string { s, _ := m[name].(string); return s }
	for _, a := range b.Actions {
		list = append(list, Button{ID: text(a, "id"), Title: text(a, "title"), URL: text(a, "url")})
	}
	for _, i := range b.Items {
		list = append(list, Button{ID: text(i, "id"), Title: text(i, "item")})
	}
	return list, b.Button
}

// library keeps the account's contents, with what WhatsApp says of them.
type library struct {
	*ground
	contents []*stContent
}

func (l *library) routes(mux *http.ServeMux, authed func(http.HandlerFunc) http.HandlerFunc) {
	mux.HandleFunc("POST /v1/Content", authed(l.createContent))
	mux.HandleFunc("GET /v1/Content", authed(l.listContents))
	mux.HandleFunc("GET /v1/ContentAndApprovals", authed(l.listContents))
	mux.HandleFunc("GET /v1/Content/{content}", authed(l.withContent(func(w http.ResponseWriter, _ *http.Request, c *stContent) {
		answer(w, http.StatusOK, l.contentView(c))
	})))
	mux.HandleFunc("DELETE /v1/Content/{content}", authed(l.withContent(l.deleteContent)))
	mux.HandleFunc("POST /v1/Content/{content}/ApprovalRequests/whatsapp", authed(l.withContent(l.submit)))
	mux.HandleFunc("GET /v1/Content/{content}/ApprovalRequests", authed(l.withContent(func(w http.ResponseWriter, _ *http.Request, c *stContent) {
		answer(w, http.StatusOK, map[string]any{"sid": c.sid, "account_sid": l.opt.AccountSID, "whatsapp": l.approvalView(c),
			"url": "https://content.twilio.com/v1/Content/" + c.sid + "/ApprovalRequests"})
	})))
}

// withContent finds the content of a path and holds the lock.
func (l *library) withContent(next func(http.ResponseWriter, *http.Request, *stContent)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if c := l.findContent(r.PathValue("content")); c != nil {
			next(w, r, c)
			return
		}
		refuseUnknown(w)
	}
}

// findContent returns a content, reviewed if it is time; the lock is held.
func (l *library) findContent(sid string) *stContent {
	for _, c := range l.contents {
		if c.sid == sid {
			l.review(c)
			return c
		}
	}
	return nil
}

// createContent takes a content of the kinds that Parley uses.
func (l *library) createContent(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name      string                     `json:"friendly_name"`
		Language  string                     `json:"language"`
		Variables map[string]string          `json:"variables"`
		Types     map[string]json.RawMessage `json:"types"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Language == "" || len(in.Types) == 0 {
		refuse(w, http.StatusBadRequest, 20001, "language and types are required")
		return
	}
	c := &stContent{sid: sid("HX"), name: in.Name, language: in.Language, variables: in.Variables, types: in.Types, created: l.opt.Now().UTC(), status: "unsubmitted"}
	if fault := c.fault(); fault != "" {
		refuse(w, http.StatusBadRequest, 20001, fault)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.contents = append(l.contents, c)
	l.Poke()
	answer(w, http.StatusCreated, l.contentView(c))
}

// fault reports what Twilio refuses of a content.
func (c *stContent) fault() string {
	kind, b := c.parts()
	long := func(list []map[string]any, name string, most int) bool {
		for _, m := range list {
			if t, _ := m[name].(string); t == "" || utf8.RuneCountInString(t) > most {
				return true
			}
		}
		return false
	}
	switch kind {
	case "twilio/text", "whatsapp/card":
	case "twilio/quick-reply", "twilio/call-to-action":
		if len(b.Actions) == 0 || len(b.Actions) > 10 || long(b.Actions, "title", 25) {
			return kind + ": 1 to 10 actions with titles of at most 25 characters"
		}
	case "twilio/list-picker":
		if len(b.Items) == 0 || len(b.Items) > 10 || b.Button == "" || utf8.RuneCountInString(b.Button) > 20 || long(b.Items, "item", 24) || long(b.Items, "id", 200) {
			return kind + ": 1 to 10 items, a button"
		}
	default:
		return "unknown content type " + kind
	}
	if b.Body == "" || utf8.RuneCountInString(b.Body) > 1600 {
		return kind + ": body is required"
	}
	return ""
}

func (l *library) contentView(c *stContent) map[string]any {
	at := c.created.Format(time.RFC3339)
	variables := c.variables
	if variables == nil {
		variables = map[string]string{}
	}
	return map[string]any{"sid": c.sid, "account_sid": l.opt.AccountSID, "friendly_name": c.name, "language": c.language, "variables": variables,
		"types": c.types, "date_created": at, "date_updated": at, "url": "https://content.twilio.com/v1/Content/" + c.sid,
		"links": map[string]string{"approval_fetch": "https://content.twilio.com/v1/Content/" + c.sid + "/ApprovalRequests"}}
}

func (l *library) approvalView(c *stContent) map[string]any {
	kind, _ := c.parts()
	return map[string]any{"type": "whatsapp", "name": c.approvalName, "category": c.category, "content_type": kind, "status": c.status,
		"rejection_reason": c.reason, "allow_category_change": true}
}

// listContents shows contents; below ContentAndApprovals with what WhatsApp says.
func (l *library) listContents(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size, _ := strconv.Atoi(r.URL.Query().Get("PageSize"))
	if size < 1 || size > 500 {
		size = 50
	}
	page, _ := strconv.Atoi(r.URL.Query().Get("Page"))
	begin := min(page*size, len(l.contents))
	end := min(begin+size, len(l.contents))
	rows := []any{}
	for _, c := range l.contents[begin:end] {
		l.review(c)
		v := l.contentView(c)
		if strings.HasSuffix(r.URL.Path, "Approvals") {
			delete(v, "links")
			delete(v, "url")
			v["approval_requests"] = l.approvalView(c)
		}
		rows = append(rows, v)
	}
	at := func(page int) string {
		return "https://content.twilio.com" + r.URL.Path + "?" + url.Values{"PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(page)}}.Encode()
	}
	meta := map[string]any{"key": "contents", "page": page, "page_size": size, "first_page_url": at(0), "url": at(page), "previous_page_url": nil, "next_page_url": nil}
	if end < len(l.contents) {
		meta["next_page_url"] = at(page + 1)
	}
	answer(w, http.StatusOK, map[string]any{"contents": rows, "meta": meta})
}

func (l *library) deleteContent(w http.ResponseWriter, _ *http.Request, c *stContent) {
	for i := range l.contents {
		if l.contents[i] == c {
			l.contents = append(l.contents[:i:i], l.contents[i+1:]...)
			break
		}
	}
	l.Poke()
	w.WriteHeader(http.StatusNoContent)
}

var templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// submit asks WhatsApp for approval.
func (l *library) submit(w http.ResponseWriter, r *http.Request, c *stContent) {
	var in struct{ Name, Category string }
	err := json.NewDecoder(r.Body).Decode(&in)
	taken := false
	for _, other := range l.contents {
		taken = taken || other != c && other.approvalName == in.Name && other.language == c.language
	}
	switch {
	case err != nil || !templateName.MatchString(in.Name):
		refuse(w, http.StatusBadRequest, 20001, "name: lower case letters, digits and _ only")
	case in.Category != "UTILITY" && in.Category != "MARKETING" && in.Category != "AUTHENTICATION":
		refuse(w, http.StatusBadRequest, 20001, "category: UTILITY, MARKETING or AUTHENTICATION")
	case taken:
		refuse(w, http.StatusBadRequest, 20001, "a template of this name and language exists already")
	case c.status != "unsubmitted":
		refuse(w, http.StatusBadRequest, 20001, "it was submitted before")
	default:
		c.approvalName, c.category, c.status, c.submitted = in.Name, in.Category, "received", l.opt.Now()
		l.Poke()
		answer(w, http.StatusCreated, l.approvalView(c))
	}
}

var variable = regexp.MustCompile(`\{\{(\d+)\}\}`)

// review is WhatsApp's verdict once it is time: a variable needs an example, and a text
// neither begins nor ends with one. The lock is held.
func (l *library) review(c *stContent) {
	if c.status != "received" && c.status != "pending" {
		return
	}
	if l.opt.Now().Sub(c.submitted) < l.opt.ReviewDelay {
		c.status = "pending"
		return
	}
	_, b := c.parts()
	c.status = "approved"
	text := strings.TrimSpace(b.Body)
	for _, at := range variable.FindAllStringSubmatchIndex(text, -1) {
		switch {
		case c.variables[text[at[2]:at[3]]] == "":
			c.status, c.reason = "rejected", "The message template is missing an example for a variable."
		case at[0] == 0 || at[1] == len(text):
			c.status, c.reason = "rejected", "Variables can't be at the start or end of the template."
		}
	}
}

// Review sets WhatsApp's verdict: approved, rejected, paused, disabled.
func (l *library) Review(contentSid, status, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.findContent(contentSid); c != nil {
		c.status, c.reason = status, reason
		l.Poke()
	}
}

// Content is a content for tests.
type Content struct{ SID, Name, Status, Kind, Body string }

// Contents returns all contents.
func (l *library) Contents() []Content {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Content
	for _, c := range l.contents {
		l.review(c)
		kind, b := c.parts()
		all = append(all, Content{c.sid, c.name, c.status, kind, b.Body})
	}
	return all
}

// useContent puts a content into a message; the lock is held.
func (l *library) useContent(m *stored, f url.Values) (int, string) {
	id := f.Get("ContentSid")
	if id == "" {
		return 0, ""
	}
	c := l.findContent(id)
	if c == nil {
		return 21655, "The ContentSid is Invalid"
	}
	values, err := rawJSON(orEmpty(f.Get("ContentVariables")))
	if err != nil {
		return 21656, "The ContentVariables Parameter is invalid"
	}
	_, b := c.parts()
	m.content = c
	m.body = variable.ReplaceAllStringFunc(b.Body, func(v string) string {
		name := strings.Trim(v, "{}")
		if values[name] != "" {
			return values[name]
		}
		return c.variables[name]
	})
	return 0, ""
}

func orEmpty(s string) string {
	if s == "" {
		return "{}"
	}
	return s
}

// approvedContent reports whether a message may leave outside the window; the lock is held.
func (l *library) approvedContent(m *stored) bool {
	if m.content == nil {
		return false
	}
	l.review(m.content)
	return m.content.status == "approved"
}

func (l *library) contentState(m *stored) string {
	if m.content == nil {
		return ""
	}
	return m.content.status
}
